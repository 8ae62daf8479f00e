using System.Collections.Frozen;
using Milvus.Api.Metrics;

namespace Milvus.Api.Grpc;

/// <summary>Counts and latencies of calls. The series of every method exist from the start, so that counting looks nothing up twice.</summary>
internal sealed class GrpcMetrics
{
    private readonly CounterFamily _requests;
    private readonly HistogramFamily _latency;
    private readonly FrozenDictionary<GrpcMethod, (Counter Success, Histogram Latency)> _methods;

    public GrpcMetrics(MetricsRegistry registry, GrpcMethodTable table)
    {
        _requests = registry.Counter("milvus_proxy_req_count", "Requests by method and outcome.", "function_name", "status");
        _latency = registry.Histogram(
            "milvus_proxy_req_latency", "Milliseconds from a request's headers to its answer.", Histogram.LatencyMs, "function_name");
        _methods = table.Methods.Where(m => m.IsImplemented).ToFrozenDictionary(
            m => m, m => (_requests.With(m.Name, "success"), _latency.With(m.Name)));
    }

    /// <param name="method">Null when the path named no method: counted under one name, for clients choose paths freely.</param>
    /// <param name="engineFailed">The answer went out with status OK and says inside that it failed.</param>
    public void Completed(GrpcMethod? method, GrpcStatusCode status, bool engineFailed, TimeSpan elapsed)
    {
        if (method is null || !_methods.TryGetValue(method, out var series))
        {
            _requests.With("unknown", "fail").Increment();
            return;
        }

        if (status == GrpcStatusCode.Ok && !engineFailed) series.Success.Increment();
        else _requests.With(method.Name, status == GrpcStatusCode.Cancelled ? "cancel" : "fail").Increment();
        series.Latency.Observe(elapsed.TotalMilliseconds);
    }
}
