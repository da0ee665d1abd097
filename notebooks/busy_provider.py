"""A provider on this machine that bears so many calls a second and refuses the others, as real ones do; and its client."""

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RATE, BURST = 20, 5  # calls a second, and how many at once after a rest
SECONDS = 0.1  # that an answer takes


class RateLimitError(Exception):
    """As the clients of providers call it."""


class Limit:
    """So many tokens a second; each call takes one."""

    def __init__(self):
        self.tokens, self.since, self.lock = BURST, time.monotonic(), threading.Lock()
        self.answered = self.refused = 0

    def allows(self):
        with self.lock:
            now = time.monotonic()
            self.tokens = min(BURST, self.tokens + (now - self.since) * RATE)
            self.since = now
            allowed = self.tokens >= 1
            self.tokens -= allowed
            self.answered += allowed
            self.refused += not allowed
            return allowed


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if limit.allows():
            time.sleep(SECONDS)
            self.reply(200, {"answer": asked["question"].upper()})
        else:
            self.reply(429, {"message": "rate limit reached, slow down"})

    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def ask(question):
    """Ask the provider. Raises RateLimitError when it is asked too often."""
    request = urllib.request.Request(url, json.dumps({"question": question}).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)["answer"]
    except urllib.error.HTTPError as error:
        if error.code == 429:
            raise RateLimitError(f"429: {json.load(error)['message']}") from error
        raise


class Server(ThreadingHTTPServer):
    request_queue_size = 64  # calls that wait for a connection
    daemon_threads = True


limit = Limit()
server = Server(("127.0.0.1", 0), Handler)
url = f"http://127.0.0.1:{server.server_address[1]}"
threading.Thread(target=server.serve_forever, daemon=True).start()
