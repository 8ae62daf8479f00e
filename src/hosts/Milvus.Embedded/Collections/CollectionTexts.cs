using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Text.Analyzers;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Analyses the texts of loaded segments before a filter matches words of them: after a start, a load, a seal or a compaction the first such filter need not
/// wait. Left to the first filter where the warm-up of scalar indexes is disabled, where memory is short, and where it failed.
/// </summary>
public sealed class CollectionTexts(CollectionRuntime collection, EngineServices services)
{
    private const int RetryAfterMs = 30_000;

    // Segments that could not be done, and until when they are left alone.
    private readonly ConcurrentDictionary<long, long> _postponed = new();
    private int _queued;

    public void Maintain()
    {
        var info = collection.Info;
        if (Volatile.Read(ref _queued) != 0 || !info.Schema.Fields.Any(f => IsWarmed(info, f))) return;
        if (!Cold(info).Any()) return;
        Interlocked.Exchange(ref _queued, 1);
        collection.Builds.Start($"Analysing texts of collection {info.Name}", async cancellation =>
        {
            try
            {
                foreach (var segment in Cold(info).ToList())
                {
                    if (WaitsForService(segment))
                    {
                        await WarmAsync(segment, info, cancellation).ConfigureAwait(false);
                        continue;
                    }
                    await services.HeavyWork.WaitAsync(cancellation).ConfigureAwait(false);
                    try
                    {
                        await WarmAsync(segment, info, cancellation).ConfigureAwait(false);
                    }
                    finally
                    {
                        services.HeavyWork.Release();
                    }
                }
            }
            finally
            {
                Interlocked.Exchange(ref _queued, 0);
            }
        });
    }

    /// <summary>Whether the texts of a field are analysed ahead: unless the field, or else the collection, says otherwise.</summary>
    public static bool IsWarmed(CollectionInfo collection, FieldSchema field) =>
        field.EnableMatch && (field.Param("warmup") ?? collection.Property("warmup.scalarIndex")) != "disable";

    /// <summary>True when texts have to be sent to a service, which may be slow or away and must not hold up the work of others.</summary>
    public static bool WaitsForService(SealedSegment segment) => segment.ColdTexts().Any(f => Analyzer.MayAskService(f.Param("analyzer_params")));

    private async Task WarmAsync(SealedSegment segment, CollectionInfo info, CancellationToken cancellation)
    {
        try
        {
            if (segment.ColdTexts().Where(f => IsWarmed(info, f)).Sum(segment.EstimateTextBytes) > services.Memory.AvailableBytes)
            {
                Postpone(segment);
                return;
            }
            if (await segment.WarmTextsAsync(services.Objects, f => IsWarmed(info, f), cancellation).ConfigureAwait(false) is { } problem)
                services.Logger.LogWarning(problem, "Collection {Collection}: texts of segment {Segment} were analysed, their stored terms could not be used or written", info.Name, segment.SegmentId);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Postpone(segment);
            services.Logger.LogWarning(e, "Collection {Collection}: texts of segment {Segment} are analysed when a filter asks", info.Name, segment.SegmentId);
        }
        collection.Loader.Recount(segment);
    }

    private void Postpone(SealedSegment segment) => _postponed[segment.SegmentId] = services.Now.PhysicalMs + RetryAfterMs;

    private IEnumerable<SealedSegment> Cold(CollectionInfo info)
    {
        var now = services.Now.PhysicalMs;
        foreach (var (id, untilMs) in _postponed)
            if (untilMs <= now) _postponed.TryRemove(id, out _);
        return collection.Shards.SelectMany(s => s.Driver?.Channel.View.Sealed ?? []).Where(s => !_postponed.ContainsKey(s.SegmentId) && s.ColdTexts().Any(f => IsWarmed(info, f)));
    }
}
