"""Runs SMTP sessions with one of Python's two SMTP libraries.

    driver.py smtplib|aiosmtplib

Each line of stdin describes a session and each line of stdout the result of
one, both in JSON. The first line of stdout has the library's name and version.
Sessions run concurrently. The clients are used as in their documentation: the
session is a context manager, and sendmail sends the message.
"""

import asyncio
import concurrent.futures
import errno
import json
import platform
import smtplib
import ssl
import sys
import threading

THREADS = 32
SESSION_LIMIT = 30  # seconds; no session takes that long unless it hangs


class Steps:
    """The current step of a session, and the one that failed."""

    def __init__(self):
        self.now = "connect"
        self.failure = None

    def failed(self, exception):
        """Remember a failure in the session, before the context manager exits."""
        self.failure = (exception, self.now)
        self.now = "quit"

    def of(self, exception):
        if self.failure and self.failure[0] is exception:
            return self.failure[1]
        return self.now


def context(job):
    return ssl.create_default_context(cafile=job["ca"])


def mail_options(job):
    return [] if "".join(job["to"]).isascii() else ["SMTPUTF8"]


def run_session_smtplib(job, steps):
    arguments = {
        "host": job["host"],
        "port": job["port"],
        "local_hostname": job["helo"],
        "timeout": job["timeout"],
    }
    if job["lmtp"]:
        session = smtplib.LMTP(**arguments)
    elif job["tls"] == "implicit":
        session = smtplib.SMTP_SSL(context=context(job), **arguments)
    else:
        session = smtplib.SMTP(**arguments)
    refused = {}
    with session as smtp:
        try:
            steps.now = "ehlo"
            smtp.ehlo_or_helo_if_needed()
            if job["tls"] == "starttls":
                steps.now = "starttls"
                smtp.starttls(context=context(job))
                steps.now = "ehlo"
                smtp.ehlo_or_helo_if_needed()
            if job["login"]:
                steps.now = "login"
                smtp.login(*job["login"])
            if job["to"]:
                steps.now = "sendmail"
                refused = smtp.sendmail(job["from"], job["to"], job["message"], mail_options(job))
            steps.now = "quit"
        except Exception as exception:
            steps.failed(exception)
            raise
    return refused


async def run_session_aiosmtplib(job, steps):
    import aiosmtplib

    session = aiosmtplib.SMTP(
        hostname=job["host"],
        port=job["port"],
        local_hostname=job["helo"],
        timeout=job["timeout"],
        use_tls=job["tls"] == "implicit",
        start_tls=False,
        tls_context=None if job["tls"] == "plain" else context(job),
    )
    refused = {}
    async with session as smtp:
        try:
            # Each command of the library calls this first.
            steps.now = "ehlo"
            await smtp._ehlo_or_helo_if_needed()
            if job["tls"] == "starttls":
                steps.now = "starttls"
                await smtp.starttls()
                steps.now = "ehlo"
                await smtp._ehlo_or_helo_if_needed()
            if job["login"]:
                steps.now = "login"
                await smtp.login(*job["login"])
            if job["to"]:
                steps.now = "sendmail"
                refused, _ = await smtp.sendmail(job["from"], job["to"], job["message"], mail_options(job))
            steps.now = "quit"
        except Exception as exception:
            steps.failed(exception)
            raise
    return refused


def codes_of(exception):
    """The reply codes of an exception; -1 means that there is none."""
    recipients = getattr(exception, "recipients", None)
    if isinstance(recipients, dict):
        return [code for code, _ in recipients.values()]
    if recipients is not None:
        return [refusal.code for refusal in recipients]
    code = getattr(exception, "smtp_code", getattr(exception, "code", None))
    return [code] if isinstance(code, int) else []


def report(job, steps, exception, refused):
    result = {"id": job["id"], "step": "done", "exception": "", "ancestors": [], "codes": [], "errno": ""}
    if exception is None:
        result["codes"] = [reply[0] for reply in refused.values()]
    else:
        result["step"] = steps.of(exception)
        result["exception"] = type(exception).__name__
        result["ancestors"] = [ancestor.__name__ for ancestor in type(exception).__mro__]
        result["codes"] = [int(code) for code in codes_of(exception) if code != -1]
        # The errno of an SSLError is an error number of OpenSSL.
        if isinstance(exception, OSError) and not isinstance(exception, ssl.SSLError):
            result["errno"] = errno.errorcode.get(exception.errno, "")
        result["text"] = str(exception)[:200]
    write(result)


writing = threading.Lock()


def write(value):
    with writing:
        print(json.dumps(value), flush=True)


def run_smtplib():
    def run(job):
        steps = Steps()
        try:
            refused = run_session_smtplib(job, steps)
        except Exception as exception:
            report(job, steps, exception, {})
        else:
            report(job, steps, None, refused)

    write({"library": "smtplib", "version": platform.python_version(), "names": names(smtplib)})
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            pool.submit(run, json.loads(line))


async def run_aiosmtplib():
    import aiosmtplib

    async def run(job):
        steps = Steps()
        try:
            refused = await asyncio.wait_for(run_session_aiosmtplib(job, steps), SESSION_LIMIT)
        except Exception as exception:
            report(job, steps, exception, {})
        else:
            report(job, steps, None, refused)

    write({"library": "aiosmtplib", "version": aiosmtplib.__version__, "names": names(aiosmtplib)})
    loop = asyncio.get_running_loop()
    # An exception in a callback of the library reaches no caller. The session
    # then blocks until its timeout, which is reported.
    loop.set_exception_handler(lambda loop, context: None)
    sessions = set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        session = loop.create_task(run(json.loads(line)))
        sessions.add(session)
        session.add_done_callback(sessions.discard)


def names(library):
    """The exceptions of this version of the library."""
    return sorted(name for name, member in vars(library).items() if isinstance(member, type) and issubclass(member, Exception))


if __name__ == "__main__":
    if sys.argv[1] == "smtplib":
        run_smtplib()
    else:
        asyncio.run(run_aiosmtplib())
