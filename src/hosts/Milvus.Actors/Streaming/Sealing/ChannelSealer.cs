using Microsoft.Extensions.Logging;
using Milvus.Actors.Streaming.Channels;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Sealing;

/// <summary>
/// Turns a channel's growing segments into committed sealed ones and moves its checkpoint. Files first, then manifests and checkpoint in one commit, then the core takes the checkpoint over and the
/// journal is trimmed. The growing segments stay in the readers' view until their sealed forms are loaded, which is the keeper's work: query nodes that have no room do not hold up the journal.
/// A crash between any two steps leaves at worst files that nobody refers to; a failure leaves none. One sealing at a time.
/// </summary>
/// <param name="saveCheckpoint">Has the entity save a snapshot and trim its journal.</param>
/// <param name="readSegments">Has the keeper read what was committed.</param>
internal sealed class ChannelSealer(StreamingRole role, LiveChannel live, Action saveCheckpoint, Action readSegments)
{
    private readonly SealingCatalog _catalog = new(role.Services, live.Id);
    private readonly StaleTombstones _stale = new(role.Services, live.Id, role.Options);
    private readonly SealAttempts _attempts = new(role.Services.Objects, role.Services.Logging.CreateLogger<SealAttempts>());
    private readonly ILogger _logger = role.Services.Logging.CreateLogger<ChannelSealer>();
    private SegmentSealer? _sealer;
    private ChannelCheckpoint? _committed = live.RecoveredCheckpoint;

    /// <summary>Seals what is due and commits it.</summary>
    public async Task SealAsync(CancellationToken cancellation)
    {
        var services = role.Services;
        var sealer = _sealer ??= new SegmentSealer(
            _catalog, services.Objects, services.Oracle, services.Time, new SealOptions(services.Options.TombstoneRetentionMs, services.Options.Channel.MaxPendingDeletes));
        if (!sealer.MayBeDue(live) || await sealer.BeginAsync(live).ConfigureAwait(false) is not { } begin) return;
        if (IsWaitingOnly(begin)) return;
        await _catalog.RefreshAsync(begin.Extents, cancellation).ConfigureAwait(false);
        if (!IsCommitted(_catalog.Checkpoint))
        {
            // A commit whose answer was lost, or that an earlier run of the channel sent before it ended.
            _attempts.Accept();
            await TakeOverAsync(_catalog.Checkpoint!, cancellation).ConfigureAwait(false);
            if (IsWaitingOnly(begin)) return;
        }

        var info = live.Info;
        // Ids of their own for every attempt: a run that ended may still be writing the same rows under its ids.
        var outcome = await WriteAsync(sealer, info, begin, cancellation).ConfigureAwait(false);
        // Extents that were committed before and wait for their replicas are named by both.
        var checkpoint = outcome.Checkpoint with { Sealed = [.. outcome.Checkpoint.Sealed.Distinct()] };
        var change = new SegmentChange { CollectionId = info.Id, Added = outcome.Added, Checkpoint = checkpoint, IsFenced = true, Replaces = _catalog.Checkpoint };
        try
        {
            await _catalog.CommitAsync(change, cancellation).ConfigureAwait(false);
        }
        catch
        {
            _attempts.Doubt();
            throw;
        }
        // Commits name the checkpoint that they replace: those in doubt come too late from here on.
        await _attempts.SupersedeAsync(info).ConfigureAwait(false);
        await TakeOverAsync(checkpoint, cancellation).ConfigureAwait(false);
        _stale.Add(outcome.StaleTombstones);
        if (outcome.Added.IsEmpty) return;
        _logger.LogInformation(
            "Collection {Collection}: sealed {Rows} rows in {Segments} segments of channel {Channel}",
            info.Name, outcome.Added.Sum(m => (long)m.RowCount), outcome.Added.Length, live.Id);
    }

    private async Task<SealOutcome> WriteAsync(SegmentSealer sealer, CollectionInfo info, SealBegin begin, CancellationToken cancellation)
    {
        _attempts.Begin();
        try
        {
            return await sealer.WriteAsync(live, info, begin, cancellation, () => _attempts.Note(role.Services.Oracle.NextIds())).ConfigureAwait(false);
        }
        catch
        {
            await _attempts.DiscardAsync(info).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes tombstone files that nothing refers to any more.</summary>
    public Task RemoveStaleAsync(CancellationToken cancellation) => _stale.RemoveAsync(cancellation);

    // Every extent is committed already and waits for its replicas: there is nothing to write, unless deletes fill the memory.
    private bool IsWaitingOnly(SealBegin begin) =>
        !begin.Extents.IsEmpty && _committed is { } committed && begin.Extents.All(committed.Covers)
        && !live.Core.IsCheckpointAsked && live.Core.Deletes.KeyCount < role.Services.Options.Channel.MaxPendingDeletes;

    private bool IsCommitted(ChannelCheckpoint? stored) => stored is null || _committed is null
        ? ReferenceEquals(stored, _committed)
        : stored.LogSequence == _committed.LogSequence && stored.Timestamp == _committed.Timestamp
            && stored.Sealed.SequenceEqual(_committed.Sealed) && stored.Tombstones.SequenceEqual(_committed.Tombstones);

    private async Task TakeOverAsync(ChannelCheckpoint checkpoint, CancellationToken cancellation)
    {
        // Replicas that have not got the deletes by the time they are only in tombstone files must read those.
        await PushDeletesAsync(cancellation).ConfigureAwait(false);
        await live.PostAsync(channel =>
        {
            channel.CommitCheckpoint(checkpoint);
            return true;
        }).ConfigureAwait(false);
        _committed = checkpoint;
        saveCheckpoint();
        readSegments();
    }

    private async Task PushDeletesAsync(CancellationToken cancellation)
    {
        if (live.Pusher is not { } pusher) return;
        var needed = live.Deletes.LastDelete;
        var pushes = live.Placements.Values.SelectMany(r => r).Where(r => r.Applied < needed).GroupBy(r => r.Node)
            .Select(g => pusher.PushAsync(g.Key, [.. g], needed, always: false, cancellation));
        await Task.WhenAll(pushes).ConfigureAwait(false);
    }
}
