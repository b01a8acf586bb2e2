// A listener as service workers have it, on wasi:http: `/fetch-js` greets, `/fetch-js/echo` streams the request's body
// back, `/fetch-js/count` writes numbers as they come.

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith("/echo")) return new Response(request.body, { headers: { "content-type": "text/plain" } });
  if (pathname.endsWith("/count")) return new Response(count(3));
  return new Response(`Hello from ${pathname}\n`);
}

function count(last) {
  let number = 0;
  return new ReadableStream({
    async pull(controller) {
      number += 1;
      controller.enqueue(new TextEncoder().encode(`${number}\n`));
      if (number === last) controller.close();
      else await new Promise((resolve) => setTimeout(resolve, 100));
    },
  });
}
