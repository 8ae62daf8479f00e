using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

namespace Milvus.Actors.Streaming.Sealing;

/// <summary>
/// The ids that a channel's sealings write their segments under, each attempt under its own, so that what an attempt leaves behind can be removed at once instead of by the sweep
/// for old objects. For one sealing at a time.
/// </summary>
internal sealed class SealAttempts(IObjectStore objects, ILogger logger)
{
    private readonly List<long> _uncertain = [];
    private ImmutableArray<long>.Builder _current = ImmutableArray.CreateBuilder<long>();

    public void Begin() => _current = ImmutableArray.CreateBuilder<long>();

    /// <summary>Notes an id that the present attempt writes under.</summary>
    public long Note(long segmentId)
    {
        _current.Add(segmentId);
        return segmentId;
    }

    /// <summary>The attempt failed before anybody could have committed it: its objects go. Never fails.</summary>
    public Task DiscardAsync(CollectionInfo collection) => RemoveAsync(collection, _current.DrainToImmutable());

    /// <summary>The attempt was sent to be committed, and whether it was is not known: its objects stay until it is.</summary>
    public void Doubt() => _uncertain.AddRange(_current.DrainToImmutable());

    /// <summary>A commit of unknown outcome turned out to have happened: the objects belong to the collection.</summary>
    public void Accept() => _uncertain.Clear();

    /// <summary>A later attempt is committed in place of those in doubt, which can never be any more: their objects go. Never fails.</summary>
    public async Task SupersedeAsync(CollectionInfo collection)
    {
        var gone = _uncertain.ToImmutableArray();
        _uncertain.Clear();
        await RemoveAsync(collection, gone).ConfigureAwait(false);
    }

    private async Task RemoveAsync(CollectionInfo collection, ImmutableArray<long> segmentIds)
    {
        if (segmentIds.IsEmpty) return;
        try
        {
            var found = new List<string>();
            foreach (var partition in collection.Partitions)
                foreach (var id in segmentIds)
                    await foreach (var o in objects.ListAsync(SegmentKeys.Segment(collection.Id, partition.Id, id)).ConfigureAwait(false)) found.Add(o.Key);
            foreach (var key in found) await objects.DeleteAsync(key).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The storage may be what failed in the first place; then the sweep finds them.
            logger.LogWarning(e, "Objects of a failed sealing of collection {Collection} stay for now", collection.Name);
        }
    }
}
