using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Analyses the texts of loaded segments before a filter matches words of them: after a start, a load, a seal or a compaction the first such filter need not
/// wait. Left to the first filter where the warm-up of scalar indexes is disabled.
/// </summary>
public sealed class CollectionTexts(CollectionRuntime collection, EngineServices services)
{
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
                    await services.HeavyWork.WaitAsync(cancellation).ConfigureAwait(false);
                    try
                    {
                        segment.WarmTexts(f => IsWarmed(info, f), cancellation);
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

    private IEnumerable<SealedSegment> Cold(CollectionInfo info) =>
        collection.Shards.SelectMany(s => s.Driver?.Channel.View.Sealed ?? []).Where(s => s.ColdTexts().Any(f => IsWarmed(info, f)));
}
