using System.Text;
using Microsoft.AspNetCore.Http;
using Milvus.Api.Metrics;

namespace Milvus.Api.Server;

/// <summary>The management port: liveness, readiness, metrics and a status page.</summary>
internal sealed class ManagementEndpoints(MetricsRegistry metrics, ServerHealth health, string version, TimeProvider time, RequestDelegate? more)
{
    private readonly long _started = time.GetTimestamp();

    public Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            return Answer(http, StatusCodes.Status405MethodNotAllowed, "text/plain; charset=utf-8", "method not allowed\n");

        if (more is not null && http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)) return more(http);
        return http.Request.Path.Value switch
        {
            // Alive means able to answer; restarting a server that is still recovering would only lose its progress.
            "/livez" => Answer(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", "OK"),
            "/healthz" or "/readyz" => health.IsReady
                ? Answer(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", "OK")
                : Answer(http, StatusCodes.Status503ServiceUnavailable, "text/plain; charset=utf-8", "not ready: " + health.Problem),
            "/metrics" => Answer(http, StatusCodes.Status200OK, MetricsRegistry.ContentType, metrics.Render()),
            "/" => Answer(http, StatusCodes.Status200OK, "text/html; charset=utf-8", StatusPage()),
            _ => Answer(http, StatusCodes.Status404NotFound, "text/plain; charset=utf-8", "404 page not found\n"),
        };
    }

    private string StatusPage()
    {
        var uptime = time.GetElapsedTime(_started);
        return $"""
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><title>Milvus.Actors</title>
            <h1>Milvus.Actors {version}</h1>
            <p>State: {(health.IsReady ? "ready" : "not ready: " + System.Net.WebUtility.HtmlEncode(health.Problem))}</p>
            <p>Up for {(long)uptime.TotalHours}:{uptime.Minutes:00}:{uptime.Seconds:00}</p>
            <ul><li><a href="/healthz">/healthz</a><li><a href="/livez">/livez</a><li><a href="/readyz">/readyz</a><li><a href="/metrics">/metrics</a></ul>
            </html>
            """;
    }

    private static async Task Answer(HttpContext http, int status, string contentType, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }
}
