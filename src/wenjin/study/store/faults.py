"""What goes wrong with disks and databases, said in one sentence: what happened, where, and what to do."""

import errno
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from wenjin.kit.text import Text
from wenjin.study.store.log import Damaged, StoreError

FULL = Text(
    "磁盘已满，{where} 没有写入；请腾出空间后再试，此前的记录都还在。",
    "The disk is full, so nothing was written to {where}; free some space and try again: what was kept is safe.",
)
READ_ONLY = Text(
    "{where} 只能读、不能写；请把它改为可写，或用 --data 换一个数据目录。",
    "{where} can be read but not written; make it writable, or choose another data folder with --data.",
)
FORBIDDEN = Text(
    "没有权限使用 {where}；请把它的权限交给当前用户，或用 --data 换一个数据目录。",
    "{where} may not be used by this user; give this user the permission, or choose another data folder with --data.",
)
NO_FOLDER = Text(
    "{where} 不能作为数据目录：路径中有一段不是目录；请用 --data 换一个数据目录。",
    "{where} cannot be the data folder, as a part of the path is not a folder; choose another with --data.",
)
DISK = Text(
    "读写 {where} 时磁盘出错（{detail}）；请检查磁盘，数据目录里的 backups 保存着备份。",
    "The disk failed while reading or writing {where} ({detail}); check the disk; backups/ beside it holds copies.",
)
DAMAGED = Text(
    "{where} 已损坏或不是本程序的数据库（{detail}）；wenjin restore latest 会把它移开，恢复最近的备份。",
    "{where} is damaged or is not this program's database ({detail}); wenjin restore latest moves it away and puts "
    "back the newest backup.",
)
BUSY = Text(
    "另一个程序正占用 {where}；请关掉它（例如打开了这个文件的数据库工具）后再试。",
    "Another program is using {where}; close it (a database browser, say) and try again.",
)
NO_SERVER = Text(
    "连不上数据库 {where}（{detail}）；请检查 WENJIN_DATABASE_URL，并确认数据库已启动。",
    "The database {where} cannot be reached ({detail}); check WENJIN_DATABASE_URL and that the database is running.",
)
NO_DRIVER = Text(
    "数据库地址 {where} 用不了（{detail}）；请改用 postgresql://…（需 wenjin[postgres]），或去掉 WENJIN_DATABASE_URL。",
    "The database address {where} cannot be used ({detail}); use postgresql://… (with wenjin[postgres]), or "
    "unset WENJIN_DATABASE_URL.",
)


def of_system(error: OSError, where: Path) -> StoreError:
    """A refusal of the operating system, for a file or folder of ours."""
    told = {
        errno.ENOSPC: FULL,
        errno.EDQUOT: FULL,
        errno.EROFS: READ_ONLY,
        errno.EACCES: FORBIDDEN,
        errno.EPERM: FORBIDDEN,
        errno.ENOTDIR: NO_FOLDER,
        errno.EEXIST: NO_FOLDER,
    }.get(error.errno or 0, DISK)
    return StoreError(told.format(where=where, detail=error.strerror or error))


def of_database(error: SQLAlchemyError, url: URL) -> StoreError:
    """A refusal of SQLite or PostgreSQL. The address is shown without its password."""
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    cause = error.orig if isinstance(error, DBAPIError) else error
    detail = " ".join(str(cause).split())[:200]
    told = _told(cause)
    return (Damaged if told is DAMAGED else StoreError)(told.format(where=where, detail=detail))


def _told(cause: BaseException | None) -> Text:
    code = getattr(cause, "sqlite_errorname", None)
    if code is None:
        return FULL if getattr(cause, "sqlstate", None) == "53100" else NO_SERVER
    # SQLite's names have a family and, after an underscore, a member: SQLITE_READONLY_DIRECTORY.
    family = {
        "FULL": FULL,
        "READONLY": READ_ONLY,
        "PERM": FORBIDDEN,
        "AUTH": FORBIDDEN,
        "CANTOPEN": FORBIDDEN,
        "BUSY": BUSY,
        "LOCKED": BUSY,
        "CORRUPT": DAMAGED,
        "NOTADB": DAMAGED,
        "ERROR": DAMAGED,  # an unknown file format, a table that is not there
    }
    return family.get(code.removeprefix("SQLITE_").split("_")[0], DISK)
