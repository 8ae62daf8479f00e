using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Milvus.Api.Import;
using Milvus.Api.Rest.Access;
using Milvus.Api.Rest.Endpoints;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest;

/// <summary>Answers one endpoint.</summary>
internal delegate ValueTask<RestReply> RestEndpoint(RestCall call);

/// <summary>An endpoint, and what is asked of the user before it.</summary>
internal sealed record RestRoute(RestEndpoint Answer, RestDemand Demand);

/// <summary>
/// REST v2: every endpoint is a POST with a JSON object; success and failure are both HTTP 200 with a code, 0 for success. A handler never
/// throws to the server: whatever goes wrong becomes an answer. Beside it v1, whose success is 200, see <see cref="FirstVersionEndpoints"/>.
/// </summary>
/// <param name="guard">Checks passwords and privileges; null when authorization is off.</param>
public sealed class RestApplication(IMilvusProxy proxy, RestOptions options, RestGuard? guard, TimeProvider time, ILogger logger)
{
    private const string Root = "/v2/vectordb/";
    private const string FirstRoot = "/v1/vector/";

    // Timers take no more than 49 days.
    private const int LongestTimeoutSeconds = 30 * 24 * 3600;

    internal static Dictionary<string, RestRoute> Routes { get; } = EndpointTable.Build().ToDictionary(e => e.Key, e => new RestRoute(e.Value, RestDemands.Of(e.Key)), StringComparer.Ordinal);

    internal static Dictionary<string, RestRoute> FirstGets { get; } = FirstVersionEndpoints.BuildGets(Routes);

    internal static Dictionary<string, RestRoute> FirstPosts { get; } = FirstVersionEndpoints.BuildPosts(Routes);

    /// <summary>Null when this process imports no files.</summary>
    public ImportJobs? Imports { get; init; }

    /// <summary>Null when this process takes no snapshots.</summary>
    public SnapshotService? Snapshots { get; init; }

    public async Task HandleAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.XContentTypeOptions = "nosniff";
        headers["X-Milvus-Trace-Id"] = http.TraceIdentifier;
        if (HttpMethods.IsOptions(http.Request.Method))
        {
            headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
            headers.AccessControlAllowHeaders = "*";
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var path = http.Request.Path.Value ?? "";
        if (Find(http.Request.Method, path) is not { } route)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            http.Response.ContentType = "text/plain";
            await http.Response.WriteAsync("404 page not found", http.RequestAborted);
            return;
        }
        await AnswerAsync(http, route, path.StartsWith(FirstRoot, StringComparison.Ordinal) ? StatusCodes.Status200OK : 0);
    }

    private static RestRoute? Find(string method, string path)
    {
        if (path.StartsWith(Root, StringComparison.Ordinal)) return HttpMethods.IsPost(method) ? Routes.GetValueOrDefault(path[Root.Length..].TrimEnd('/')) : null;
        if (!path.StartsWith(FirstRoot, StringComparison.Ordinal)) return null;
        return (HttpMethods.IsPost(method) ? FirstPosts : HttpMethods.IsGet(method) ? FirstGets : null)?.GetValueOrDefault(path[FirstRoot.Length..].TrimEnd('/'));
    }

    private async Task AnswerAsync(HttpContext http, RestRoute route, int success)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        JsonDocument? document = null;
        var buffer = new ArrayBufferWriter<byte>(512);
        try
        {
            string? user = null;
            if (guard is not null && (user = guard.Authenticate(http.Request.Headers.Authorization.ToString())) is null)
                throw new RestFailure(RestCodes.NotAuthenticated, "user hasn't authenticated", StatusCodes.Status401Unauthorized);
            deadline.CancelAfter(Timeout(http));
            document = HttpMethods.IsGet(http.Request.Method) ? RequestBody.OfQuery(http.Request.Query) : await RequestBody.ReadAsync(http, options.MaxBodyBytes, deadline.Token);
            var call = new RestCall(proxy, document.RootElement, http.Request.Headers["DB-Name"].ToString(), user, Int64AsNumbers(http), deadline.Token) { Imports = Imports, Snapshots = Snapshots };
            if (user is not null) guard!.Authorize(route.Demand(call), user, call.Database);
            var reply = await route.Answer(call);
            WriteReply(buffer, reply, success);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            buffer.Clear();
            WriteFailure(http, buffer, e);
        }
        finally
        {
            document?.Dispose();
        }
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    private TimeSpan Timeout(HttpContext http)
    {
        var text = http.Request.Headers["Request-Timeout"].ToString();
        if (text.Length == 0) return TimeSpan.FromMilliseconds(options.RequestTimeoutMs);
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw MilvusException.InvalidParameter($"fail to parse timeout {text}");
        return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, LongestTimeoutSeconds)) : TimeSpan.FromMilliseconds(options.RequestTimeoutMs);
    }

    private bool Int64AsNumbers(HttpContext http) =>
        bool.TryParse(http.Request.Headers["Accept-Type-Allow-Int64"].ToString(), out var asked) ? asked : options.Int64AsNumbers;

    private static void WriteReply(ArrayBufferWriter<byte> buffer, RestReply reply, int success)
    {
        try
        {
            using var writer = new Utf8JsonWriter(buffer, s_writer);
            if (reply.IsBare)
            {
                reply.Data(writer);
                return;
            }
            writer.WriteStartObject();
            writer.WriteNumber("code", success);
            reply.Beside?.Invoke(writer);
            writer.WritePropertyName("data");
            reply.Data(writer);
            writer.WriteEndObject();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or JsonException)
        {
            // Infinite scores and text that is no UTF-8 have no JSON form.
            throw new RestFailure(RestCodes.BadSearchResult, "fail to parse search result, error: " + e.Message);
        }
    }

    private static readonly JsonWriterOptions s_writer = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private void WriteFailure(HttpContext http, ArrayBufferWriter<byte> buffer, Exception failure)
    {
        var (status, code, message) = Describe(failure);
        http.Response.StatusCode = status;
        using var writer = new Utf8JsonWriter(buffer, s_writer);
        writer.WriteStartObject();
        writer.WriteNumber("code", code);
        writer.WriteString("message", message);
        writer.WriteEndObject();
    }

    private (int Status, int Code, string Message) Describe(Exception failure)
    {
        switch (failure)
        {
            case RestFailure f:
                return (f.HttpStatus, f.Code, f.Message);
            case MilvusException e:
                return (StatusCodes.Status200OK, (int)e.Code, e.Message);
            case OperationCanceledException:
                return (StatusCodes.Status408RequestTimeout, (int)ErrorCode.Timeout, "request timeout");
            default:
                logger.LogError(failure, "A REST request failed at {Time}", time.GetUtcNow());
                return (StatusCodes.Status200OK, (int)(failure is IntegrityException ? ErrorCode.Internal : ErrorCode.Unexpected), failure.Message);
        }
    }
}
