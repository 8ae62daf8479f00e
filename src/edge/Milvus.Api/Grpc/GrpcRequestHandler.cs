using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Milvus.Api.Metrics;

namespace Milvus.Api.Grpc;

/// <summary>
/// Serves gRPC over HTTP/2 requests: finds the method, keeps the deadline, runs the handler and ends the call with
/// <c>grpc-status</c> and <c>grpc-message</c>. Thread-safe; one per server.
/// </summary>
public sealed partial class GrpcRequestHandler
{
    public const string ContentType = "application/grpc";

    private readonly GrpcMethodTable _methods;
    private readonly GrpcOptions _options;
    private readonly IGrpcGuard? _guard;
    private readonly GrpcMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <param name="guard">Access control; null when authorization is off.</param>
    public GrpcRequestHandler(
        GrpcMethodTable methods, GrpcOptions options, IGrpcGuard? guard, MetricsRegistry metrics, TimeProvider time, ILogger logger)
    {
        _methods = methods;
        _options = options.Validate();
        _guard = guard;
        _metrics = new GrpcMetrics(metrics, methods);
        _time = time;
        _logger = logger;
    }

    /// <summary>True for content types of gRPC with protobuf messages; gRPC-Web and other codecs are not among them.</summary>
    public static bool Accepts(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = contentType.AsSpan(ContentType.Length);
        return rest.IsEmpty || rest[0] is ';' or ' ' ||
               rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase) && (rest.Length == 6 || rest[6] is ';' or ' ');
    }

    public async Task HandleAsync(HttpContext http)
    {
        var started = _time.GetTimestamp();
        http.Response.ContentType = ContentType;
        http.Response.Headers["grpc-accept-encoding"] = "identity,gzip";

        GrpcMethod? method = null;
        CancellationTokenSource? deadline = null;
        GrpcStatusCode status;
        var message = "";
        var failed = false;
        try
        {
            if (!HttpMethods.IsPost(http.Request.Method))
            {
                http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                throw new GrpcException(GrpcStatusCode.Internal, $"a call is a POST, not a {http.Request.Method}");
            }

            method = _methods.Find(http.Request.Path.Value ?? "");
            var cancellation = http.RequestAborted;
            var timeout = http.Request.Headers["grpc-timeout"].ToString();
            if (timeout.Length > 0)
            {
                deadline = StartDeadline(timeout, cancellation);
                cancellation = deadline.Token;
            }

            var call = new GrpcCallContext(http, method, cancellation);
            await method.InvokeAsync(http, call, _options, _guard);
            status = GrpcStatusCode.Ok;
            failed = call.EngineFailed;
        }
        catch (Exception e)
        {
            (status, message) = Explain(e, http, deadline);
            if (status is GrpcStatusCode.Unknown) LogUnexpected(e, http.Request.Path.Value ?? "");
        }
        finally
        {
            deadline?.Dispose();
        }

        _metrics.Completed(method, status, failed, _time.GetElapsedTime(started));
        if (!http.RequestAborted.IsCancellationRequested) End(http, status, message);
    }

    private CancellationTokenSource StartDeadline(string text, CancellationToken aborted)
    {
        if (!GrpcTimeout.TryParse(text, out var timeout))
            throw new GrpcException(GrpcStatusCode.Internal, $"malformed grpc-timeout: \"{text}\"");
        if (timeout <= TimeSpan.Zero)
            throw new GrpcException(GrpcStatusCode.DeadlineExceeded, "context deadline exceeded");
        return new TimedCancellation(timeout, _time, aborted);
    }

    private static (GrpcStatusCode Status, string Message) Explain(Exception e, HttpContext http, CancellationTokenSource? deadline)
    {
        switch (e)
        {
            case GrpcException grpc:
                return (grpc.Status, grpc.Message);
            case OperationCanceledException when http.RequestAborted.IsCancellationRequested:
                return (GrpcStatusCode.Cancelled, "context canceled");
            case OperationCanceledException when deadline is { IsCancellationRequested: true }:
                return (GrpcStatusCode.DeadlineExceeded, "context deadline exceeded");
            case OperationCanceledException:
                return (GrpcStatusCode.Unavailable, "the server is stopping");
            case BadHttpRequestException bad:
                return (GrpcStatusCode.Internal, bad.Message);
            case IOException when http.RequestAborted.IsCancellationRequested:
                return (GrpcStatusCode.Cancelled, "context canceled");
            default:
                return (GrpcStatusCode.Unknown, $"unexpected error: {e.GetType().Name}: {e.Message}");
        }
    }

    private static void End(HttpContext http, GrpcStatusCode status, string message)
    {
        var code = CodeTexts[(int)status];
        // An answer without a message may carry everything in its first header block; one with a message needs trailers.
        var trailers = http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var nothingSent = !http.Response.HasStarted && http.Response.BodyWriter.UnflushedBytes == 0;
        if (trailers is null || (status != GrpcStatusCode.Ok && nothingSent))
        {
            http.Response.Headers["grpc-status"] = code;
            if (message.Length > 0) http.Response.Headers["grpc-message"] = GrpcMessageText.Encode(message);
            return;
        }

        trailers["grpc-status"] = code;
        if (message.Length > 0) trailers["grpc-message"] = GrpcMessageText.Encode(message);
    }

    private static readonly string[] CodeTexts = Enumerable.Range(0, 17).Select(i => i.ToString()).ToArray();

    [LoggerMessage(Level = LogLevel.Error, Message = "Call {Path} failed unexpectedly")]
    private partial void LogUnexpected(Exception exception, string path);

    /// <summary>Cancelled by the deadline or with the request, whichever comes first.</summary>
    private sealed class TimedCancellation : CancellationTokenSource
    {
        private readonly CancellationTokenRegistration _aborted;

        public TimedCancellation(TimeSpan timeout, TimeProvider time, CancellationToken aborted)
            : base(timeout, time) => _aborted = aborted.Register(static s => ((CancellationTokenSource)s!).Cancel(), this);

        protected override void Dispose(bool disposing)
        {
            if (disposing) _aborted.Dispose();
            base.Dispose(disposing);
        }
    }
}
