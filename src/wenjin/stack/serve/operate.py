"""Who is served, and how it is going: models, health, figures.

Proof    tests/stack/serve/test_operate.py
"""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from wenjin.stack.serve.answers import Health, Model, Models, Now
from wenjin.stack.serve.documents import answers
from wenjin.stack.serve.service import Service


def router(service: Service) -> APIRouter:
    routes = APIRouter()

    def model() -> Model:
        license = str(service.local.about.get("license", "")) or "local"
        return Model(
            id=service.local.name, created=int(service.begun), owned_by=license, max_model_len=service.engine.longest
        )

    @routes.get("/v1/models", responses=answers(Models, body=False))
    async def models() -> Models:
        """The one model that is served."""
        return Models(data=[model()])

    @routes.get("/v1/models/{name:path}", responses=answers(Model, body=False, named=True))
    async def one(name: str) -> Model:
        """The model, by its name."""
        service.known(name)
        return model()

    @routes.get("/v1/stats", responses=answers(Now, body=False))
    async def stats() -> Now:
        """How the server is doing, now."""
        return service.now()

    @routes.get("/healthz", response_model=Health, responses={503: {"model": Health}})
    async def healthz() -> Response:
        """Needs no key. 503 when no new request would be taken."""
        health = Health(status="failed" if service.worker.failed else "draining" if service.draining else "ok")
        return JSONResponse(health.model_dump(), 200 if health.status == "ok" else 503)

    told = answers(Health, body=False)
    told[200] = {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Done"}

    @routes.get("/metrics", response_model=None, responses=told)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return routes
