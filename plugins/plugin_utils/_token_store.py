# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of one run share: tokens, refused logins, pending second factors and used codes.

A directory inside Ansible's temporary one, which all forks of a run know and which Ansible removes at its end. One file
and one lock per credential; a file is replaced as a whole, so that reading needs no lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hmac
import json
import multiprocessing
import os
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import time
import typing as t

from ansible import constants as C
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    HubError,
    LockedOut,
    OtpInvalid,
    OtpRequired,
    Refused,
    SsoRequired,
    restored,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    Claim,
    Options,
    Result,
    has_factor,
    login_method,
    longest_login,
    secret_kind,
)

Entry = dict[str, t.Any]
"""What a file holds, or a part of it."""
Login = t.Callable[[Options, Claim], Result]
Say = t.Callable[[str], None]

_UNKNOWN_LIFE = 300.0
"""Seconds for which a token of unknown life, or a pending second factor, is shared."""
_MODULE_TIME = 60.0
"""Seconds that a module may take to reach its target and start there."""
_LIFTED_BY = {"locked_out": "", "otp_invalid": ", or until the TOTP secret changes"}
"""What else lifts a refusal, by its code."""
# Goes on while the machine sleeps, is the same in all processes, and is never set.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def shared_token(options: Options, login: Login, warn: Say, note: Say, where: str = "") -> Result:
    """The run's token for these options: a stored one, or that of one login which all who ask meanwhile wait for.

    ``login`` is ``log_in_here`` or does what it does, on the host ``where`` (empty: the controller). ``warn`` gets a
    sentence for each warning, ``note`` one about the login. Raises ``HubError``: also a stored one, for a login that was
    refused before. Where the store cannot be used there is a warning and a plain login.
    """
    store = None
    with _warning(warn):
        store = TokenStore(C.DEFAULT_LOCAL_TMP)
    answer = store.token(options, login, warn, where) if store else login(options, lambda step: True)
    for warning in answer.pop("warnings"):
        warn(warning)
    _mask(answer)
    note(_summary(answer, options))
    return answer


def log_in_here(options: Options, claim: Claim) -> Result:
    """A login in this process; only here are its libraries loaded."""
    from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token

    return fetch_token(options, claim)


def _mask(answer: Result) -> None:
    # Where it exists (ansible-core 2.22) it is loaded; to look for it in vain would be dear in every process.
    masking = sys.modules.get("ansible.module_utils.secrets")
    if masking:
        masking.register_secrets(token for token in (answer["access_token"], answer.get("login_2fa_token")) if token)


def _summary(answer: Result, options: Options) -> str:
    """What may be shown of a login."""
    who, where = answer["username"] or answer["identifier"] or "account", options["hub_url"] + answer["endpoint"]
    if answer["otp_required"]:
        return f"Docker Hub: {who} needs a second factor, says {where}"
    life = "for an unknown time" if answer["expires_in"] is None else f"for {answer['expires_in']} s"
    how = "reused token" if answer["cached"] else "new token"
    limit = answer["rate_limit"] or {}
    few = limit.get("limit") and limit.get("remaining") is not None and limit["remaining"] < limit["limit"] / 20
    until = f" until {limit['reset']}" if limit.get("reset") else ""
    left = f"; only {limit['remaining']} of {limit['limit']} requests left{until}" if few else ""
    return f"Docker Hub: {how} of {who} from {where}, good {life}{left}"


@contextlib.contextmanager
def _warning(warn: Say) -> t.Iterator[None]:
    """Turns trouble with the store into a warning."""
    try:
        yield
    except OSError as error:
        warn(_unusable(error))


def _unusable(error: OSError) -> str:
    return (
        f"The token store of this run cannot be used ({error.strerror or type(error).__name__}): every task and lookup"
        " logs in on its own, and a refused login is tried again by the next. Check ANSIBLE_LOCAL_TEMP."
    )


class TokenStore:
    """The store of one run, in the directory ``parent``; raises ``OSError`` where it cannot be used."""

    def __init__(self, parent: str) -> None:
        self._path = os.path.join(parent, "dockerhub")
        key = _run_key(self._path)
        if key is None:
            _create(parent, self._path)
            key = _run_key(self._path)
        if key is None:
            raise OSError("its directory is not ours alone")
        self._key = key

    def token(self, options: Options, login: Login, warn: Say, where: str) -> Result:
        """See ``shared_token``."""
        arrived = _now()
        name, options = self._credential(options)
        known = self._known(name, options, where)
        if known:
            return known
        with self._turn(name, longest_login(options) + (_MODULE_TIME if where else 0), warn):
            known = self._known(name, options, where, arrived)
            return known or self._log_in(name, options, login, warn, where)

    @contextlib.contextmanager
    def _turn(self, name: str, limit: float, warn: Say) -> t.Iterator[None]:
        """Holds the credential's lock; does without, after a warning, where it cannot be had."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._lock(name, limit))
            except TimeoutError:
                warn(
                    "The process that logs in to Docker Hub for this run does not answer; this one logs in on its own."
                )
            except OSError as error:
                warn(_unusable(error))
            yield

    def _log_in(self, name: str, options: Options, login: Login, warn: Say, where: str) -> Result:
        def claim(step: int | None) -> bool:
            return self._claim(name, options, step)

        try:
            answer = login(options, claim)
        except HubError as error:
            with _warning(warn):
                self._note_failure(name, options, error, where)
            raise
        with _warning(warn):
            self._note_answer(name, options, answer)
        return answer

    def _note_answer(self, name: str, options: Options, answer: Result) -> None:
        entry, method = self._read(name), login_method(options)
        record = {"at": _now(), "answer": {**answer, "warnings": []}}
        if answer["otp_required"]:
            first = {"credential": name, "identifier": options["identifier"], "auth_method": method}
            self._write(self._second_step(options, answer["login_2fa_token"]), first)
            entry["pending"] = record
        else:
            # What the other method was told stays true.
            refusals = {slot: told for slot, told in entry.get("refusals", {}).items() if told["method"] != method}
            entry = {"tokens": {**entry.get("tokens", {}), method: record}, "refusals": refusals}
        self._write(name, entry)

    def _note_failure(self, name: str, options: Options, error: HubError, where: str) -> None:
        entry, slot, method = self._read(name), self._slot(options), login_method(options)
        record = {
            "at": _now(),
            "slot": slot,
            "method": method,
            "where": where,
            "message": error.message,
            "error": error.as_dict(),
            "tried_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "lasts": error.retry_in,
        }
        entry["outcome"] = record
        if isinstance(error, LockedOut) and options["identifier"]:
            self._write(self._account(options), {"lockout": record})
        elif isinstance(error, OtpInvalid):
            entry.pop("pending", None)  # it may have been too old
            if options["otp"]:
                self._write(self._code(name, options), {"refused": record})
            else:
                entry.setdefault("refusals", {})[slot] = record
        elif isinstance(error, Refused):
            # A password that create access token refuses may still be right where a second factor is wanted (W21).
            may_pass = method == "access_token" and secret_kind(options["secret"]) == "password"
            refused = [method] if may_pass and not isinstance(error, SsoRequired) else ["access_token", "login"]
            entry.setdefault("refusals", {}).update(dict.fromkeys(refused, record))
        elif isinstance(error, OtpRequired):
            entry["pending"] = {"at": record["at"], "answer": None}
        self._write(name, entry)

    def _known(self, name: str, options: Options, where: str, arrived: float | None = None) -> Result | None:
        """What the store answers in place of a login: a token, a raised failure, or None.

        ``arrived`` is when the caller came, if it holds the lock. What depends on a login that may be under way waits
        for that.
        """
        entry, slot, now = self._read(name), self._slot(options), _now()
        token = options["cache"] and _live_token(entry, options, arrived)
        if token:
            return token
        code = self._read(self._code(name, options)) if options["otp"] else {}
        if "refused" in code:
            raise _repeated(code["refused"], "a code is sent once")
        refusals = entry.get("refusals", {}) if options["refusal_ttl"] else {}
        for record in (self._lockout(options), refusals.get(login_method(options)), refusals.get(slot)):
            left = record["at"] + (record["lasts"] or options["refusal_ttl"]) - now if record else 0
            if record and left > 0:
                change = _LIFTED_BY.get(record["error"]["code"], ", or until the secret changes")
                raise _repeated(record, f"not tried again for {left:.0f} s{change}")
        if arrived is None:
            return None
        outcome = entry.get("outcome")
        if outcome and outcome["at"] >= arrived and (outcome["slot"], outcome["where"]) == (slot, where):
            raise restored(outcome["error"], outcome["message"])
        if code:
            raise _already_sent()
        pending = _pending(entry)
        return _known_pending(pending["answer"], options) if pending and not has_factor(options) else None

    def _lockout(self, options: Options) -> Entry | None:
        guarded = options["refusal_ttl"] and options["identifier"]
        return self._read(self._account(options)).get("lockout") if guarded else None

    def _claim(self, name: str, options: Options, step: int | None) -> bool:
        """Takes a code before it is sent; see ``_options.Claim``."""
        code = (
            self._code(name, options)
            if step is None
            else self._name("totp", options["hub_url"], options["totp_secret"])
        )
        with contextlib.suppress(OSError), self._lock(code, 5):
            used = self._read(code)
            if used and step is None:
                raise _already_sent()
            # A step from far ahead was told by a clock that was wrong.
            if used and 0 <= used["step"] - step <= 2:
                return False
            self._write(code, {"step": step})
        return True

    def _name(self, *parts: str | None) -> str:
        """The name of a file, which without the run's key gives nothing away."""
        return hmac.new(self._key, json.dumps(parts).encode(), "sha256").hexdigest()

    def _credential(self, options: Options) -> tuple[str, Options]:
        """The file of a credential, and what to log in with."""
        pending = options["login_2fa_token"]
        if not pending:
            return self._name(
                "credential", options["hub_url"], options["identifier"].lower(), options["secret"]
            ), options
        # A second step belongs to the credential of its first, whichever else is set in variables or the environment.
        first = self._read(self._second_step(options, pending))
        name = first.pop("credential", None) or self._name("credential", options["hub_url"], pending)
        return name, {**options, "auth_method": "login", **first, "secret": None}

    def _second_step(self, options: Options, pending: str) -> str:
        return self._name("pending", options["hub_url"], pending)

    def _account(self, options: Options) -> str:
        return self._name("account", options["hub_url"], options["identifier"].lower())

    def _code(self, name: str, options: Options) -> str:
        return self._name("code", name, options["otp"])

    def _slot(self, options: Options) -> str:
        """Which login of a credential this is: the method, and the factor that comes with it."""
        method, factor = login_method(options), options["otp"] or options["totp_secret"]
        return f"{method}:{self._name('factor', factor, options['login_2fa_token'])}" if factor else method

    def _read(self, name: str) -> Entry:
        """An entry; empty where there is none, or none that this run wrote whole."""
        data = _read_own(os.path.join(self._path, name))
        proof, _dummy, text = (data or b"").partition(b"\n")
        if not hmac.compare_digest(proof, self._proof(name, text)):
            return {}
        entry: Entry = json.loads(text)
        return entry

    def _write(self, name: str, entry: Entry) -> None:
        text = json.dumps(entry).encode()
        path = os.path.join(self._path, name)
        handle, draft = tempfile.mkstemp(dir=self._path)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, 0o600)
                file.write(self._proof(name, text) + b"\n" + text)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise

    def _proof(self, name: str, text: bytes) -> bytes:
        return hmac.new(self._key, name.encode() + b"\n" + text, "sha256").hexdigest().encode()

    def _lock(self, name: str, limit: float) -> t.BinaryIO:
        """An open file that holds the lock until it is closed; raises ``TimeoutError`` where one holder takes ``limit`` s."""
        path = os.path.join(self._path, name + ".lock")
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            _remove(path)
        lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb+")
        holder, deadline = 0, 0.0
        try:
            os.fchmod(lock.fileno(), 0o600)
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.utime(lock.fileno())  # tells those who wait that it has changed hands
                    return lock
                except BlockingIOError:
                    since = os.fstat(lock.fileno()).st_mtime_ns
                    if since != holder:
                        holder, deadline = since, time.monotonic() + limit
                    elif time.monotonic() > deadline:
                        raise TimeoutError from None
                time.sleep(0.02)
        except BaseException:
            lock.close()
            raise


def _now() -> float:
    return time.clock_gettime(_CLOCK)


def _live_token(entry: Entry, options: Options, arrived: float | None) -> Result | None:
    """A stored token that lives long enough, or that was made since ``arrived``."""
    for method, record in entry.get("tokens", {}).items():
        answer: Result = {**record["answer"], "cached": True}
        life = answer["expires_in"]
        left = (_UNKNOWN_LIFE if life is None else life) - (_now() - record["at"])
        # A short-lived token must not mean a login per call.
        enough = 0 if life is None else min(options["min_ttl"], life / 4)
        new = arrived is not None and record["at"] >= arrived
        if options["auth_method"] in ("auto", method) and left > (0 if new else enough):
            if life is not None:
                answer["expires_in"] = int(left)
            return answer
    return None


def _pending(entry: Entry) -> Entry | None:
    """What is known of a second factor that a login was asked for a short time ago."""
    pending: Entry = entry.get("pending") or {}
    return pending if pending and _now() - pending["at"] < _UNKNOWN_LIFE else None


def _known_pending(answer: Result | None, options: Options) -> Result | None:
    """The pending second factor that another task began; who cannot use it fails as if Docker Hub had been asked."""
    if options["on_otp_required"] == "return":
        return {**answer, "cached": True} if answer and options["cache"] else None
    from ansible_collections.hubops.dockerhub.plugins.module_utils._login import HINTS

    raise OtpRequired(
        "the account wants a second factor, as an earlier login of this run found", hint=HINTS["otp_required"]
    )


def _already_sent() -> OtpRequired:
    return OtpRequired("the code given as otp was already sent in this run", hint="give the next code")


def _repeated(record: Entry, until: str) -> HubError:
    """A refusal that is told again instead of being tried again."""
    return restored(record["error"], f"{record['message']} (at {record['tried_at']}; {until})")


def _run_key(path: str) -> bytes | None:
    """The key in a store's directory; None where the directory is missing, damaged, or not ours alone."""
    run = _run(path) if _is_our_folder(path) else None
    return bytes.fromhex(run["key"]) if run else None


def _is_our_folder(path: str) -> bool:
    try:
        about = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077


def _run(path: str) -> dict[str, str] | None:
    """What a store says of its run: its key, and the process whose end is the run's."""
    try:
        run = json.loads(_read_own(os.path.join(path, "run")) or b"")
        return run if bytes.fromhex(run["key"]) and all(isinstance(value, str) for value in run.values()) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _create(parent: str, path: str) -> None:
    """Makes the store as a whole, so that nobody sees half of it; who comes second finds the first one's."""
    main = multiprocessing.parent_process()
    run = {"key": secrets.token_hex(32), **_process(str(main.pid if main else os.getpid()))}
    draft = tempfile.mkdtemp(prefix="dockerhub.", dir=parent)
    try:
        os.chmod(draft, 0o700)
        with open(os.open(os.path.join(draft, "run"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump(run, file)
        try:
            os.rename(draft, path)
        except OSError:
            if _run_key(path) is None:
                _remove(path)
                os.rename(draft, path)
    finally:
        _remove(draft)
    _sweep(os.path.dirname(parent))


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def _process(pid: str) -> dict[str, str]:
    """A process under a name that no other ever has; empty on a system that does not tell.

    ``start`` is empty for a process that is gone.
    """
    try:
        if os.readlink("/proc/self") != str(os.getpid()):  # it shows the processes of another namespace
            return {}
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        return {
            "host": socket.gethostname(),
            "boot": boot,
            "namespace": os.readlink("/proc/self/ns/pid"),
            "pid": pid,
            "start": _start(pid),
        }
    except OSError:
        return {}


def _start(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, *fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "XZ" else fields[18]


def _sweep(root: str) -> None:
    """Removes the stores of runs that were killed; one that may be alive, elsewhere or in a container, is left."""
    for path in glob.glob(os.path.join(glob.escape(root), "ansible-local-*", "dockerhub*")):
        # Where others can write, a folder that is not ours could become another before it is removed.
        run = _run(path) if _is_our_folder(os.path.dirname(path)) and _is_our_folder(path) else None
        if run and run.get("start"):
            now = _process(run.get("pid", ""))
            if now and now["start"] != run["start"] and {**now, "start": ""}.items() <= {**run, "start": ""}.items():
                _remove(path)


def _read_own(path: str) -> bytes | None:
    """The bytes of a regular file that is ours alone; None where it is anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        about = os.fstat(handle)
        ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077
        return os.read(handle, about.st_size) if ours else None
    except OSError:
        return None
    finally:
        os.close(handle)
