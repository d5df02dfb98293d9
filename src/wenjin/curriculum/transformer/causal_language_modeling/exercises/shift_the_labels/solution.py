import torch
import torch.nn.functional as F


def model(inputs: torch.Tensor, mask: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Logits of the next token at each place: the mean of the table's rows over all places that it sees."""
    weights = mask.float() / mask.sum(dim=1, keepdim=True).clamp(min=1)  # (T, T)
    return weights @ table[inputs]  # (B, T, V)


def batch(texts: list[list[int]], end: int, table: torch.Tensor) -> dict[str, object]:
    widest = max(map(len, texts))
    rows = torch.full((len(texts), widest), end)  # (B, W)
    labels = torch.full((len(texts), widest - 1), -100)  # (B, T): nothing counts until it is known to be of a text
    for n, text in enumerate(texts):
        rows[n, : len(text)] = torch.tensor(text)
        labels[n, : len(text) - 1] = torch.tensor(text[1:])  # each place's label is the token after it, the end too
    inputs = rows[:, :-1]
    T = inputs.shape[1]
    mask = torch.ones(T, T, dtype=torch.bool).tril()  # place i sees itself and what stands before it
    logits = model(inputs, mask, table)  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)  # mean over labels that count
    return {"inputs": inputs, "labels": labels, "mask": mask, "loss": loss.item()}
