using System.Collections.Immutable;
using Milvus.Actors.Messages;
using Milvus.Actors.Streaming.Deletes;
using Milvus.Actors.Streaming.Replicas;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// One run of a channel, from its recovery to its end: what its parts share. The core belongs to the entity; everything else may be read from any thread.
/// </summary>
internal sealed class LiveChannel(ShardChannel core, CollectionInfo info, ChannelCheckpoint? checkpoint, ChannelHandle handle, DeleteLog deletes) : IChannelHost
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _progressLock = new();
    private CollectionInfo _info = info;
    private ChannelView _view = ChannelView.Empty;
    private ImmutableHashSet<long> _sealing = [];
    private ImmutableDictionary<long, ImmutableArray<Replica>> _placements = ImmutableDictionary<long, ImmutableArray<Replica>>.Empty;
    private ImmutableArray<ReplicaStatus> _replicas = [];
    private LoadState _load = new(info, new LoadProgress(info.Load is null ? LoadPhase.NotLoaded : LoadPhase.Loading, 0));
    private TaskCompletionSource _progressed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _maintenance = new(0);
    private DeletePusher? _pusher;
    private long _journalBytes;
    private bool _hasTrims;

    /// <summary>Raised on the entity's thread when the catalogue describes the collection differently.</summary>
    public event Action<CollectionInfo>? InfoChanged;

    public ShardId Id { get; } = core.Id;

    /// <summary>How often the process had slept when the journal was read; see <see cref="Wakefulness"/>.</summary>
    public int Sleeps { get; init; }

    public ChannelHandle Handle { get; } = handle;

    /// <summary>For the entity, except what it says is for any thread.</summary>
    public ShardChannel Core { get; } = core;

    ShardChannel IChannelHost.Channel => Core;

    long IChannelHost.LogBytes => JournalBytes;

    /// <summary>The checkpoint that was committed when the channel recovered.</summary>
    public ChannelCheckpoint? RecoveredCheckpoint { get; } = checkpoint;

    public ReadGate Gate => Core.Gate;

    public DeleteLog Deletes { get; } = deletes;

    /// <summary>Cancelled when this run ends.</summary>
    public CancellationToken Stopped => _stop.Token;

    public CollectionInfo Info => Volatile.Read(ref _info);

    public ChannelView View
    {
        get => Volatile.Read(ref _view);
        set => Volatile.Write(ref _view, value);
    }

    /// <summary>Growing segments that take no more rows.</summary>
    public ImmutableHashSet<long> Sealing
    {
        get => Volatile.Read(ref _sealing);
        set => Volatile.Write(ref _sealing, value);
    }

    /// <summary>Where each sealed segment can be read. By segment id; absent when nowhere.</summary>
    public ImmutableDictionary<long, ImmutableArray<Replica>> Placements
    {
        get => Volatile.Read(ref _placements);
        set => Volatile.Write(ref _placements, value);
    }

    public ImmutableArray<ReplicaStatus> Replicas
    {
        get
        {
            lock (_progressLock) return _replicas;
        }
        set
        {
            lock (_progressLock) _replicas = value;
        }
    }

    /// <summary>How far loading is, and for which description of the collection that is said.</summary>
    public LoadState Load => Volatile.Read(ref _load);

    /// <summary>True while events wait for the time when they may be removed from the journal.</summary>
    public bool HasTrims
    {
        get => Volatile.Read(ref _hasTrims);
        set => Volatile.Write(ref _hasTrims, value);
    }

    /// <summary>Payload bytes of the journal that the checkpoint does not cover.</summary>
    public long JournalBytes
    {
        get => Volatile.Read(ref _journalBytes);
        set => Volatile.Write(ref _journalBytes, value);
    }

    /// <summary>Brings deletes to replicas; null until the channel's keeper has started.</summary>
    public DeletePusher? Pusher
    {
        get => Volatile.Read(ref _pusher);
        set => Volatile.Write(ref _pusher, value);
    }

    /// <summary>Runs the action as the channel's writer between two batches.</summary>
    /// <exception cref="ShardMovedException">This run has ended.</exception>
    public Task<T> PostAsync<T>(Func<ShardChannel, T> action) => Handle.PostAsync(this, action);

    /// <summary>Changes what readers read in one step, on the entity's thread; returns the bytes of the growing segments that left.</summary>
    public long Switch(ViewSwitch next)
    {
        List<GrowingExtent> covered = next.Checkpoint is { } checkpoint ? [.. Core.Growing.Where(g => checkpoint.Covers(g))] : [];
        if (covered.Count == 0 && next.Served.SequenceEqual(View.Served)) return 0;
        var freed = covered.Sum(g => g.Segment.MemoryBytes);
        foreach (var extent in covered) Core.CommitSeal(extent, null);
        // Moves the moment from which the view is complete; the core has no sealed segments of its own here.
        Core.SwapSealed([], []);
        View = new ChannelView(Core.View.Growing, next.Served, Core.View.CompleteFrom);
        return freed;
    }

    public void SetLoad(CollectionInfo of, LoadProgress progress)
    {
        TaskCompletionSource progressed;
        lock (_progressLock)
        {
            if (ReferenceEquals(_load.Info, of) && progress == _load.Progress) return;
            Volatile.Write(ref _load, new LoadState(of, progress));
            progressed = _progressed;
            _progressed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        progressed.SetResult();
    }

    /// <summary>Completes at the next change of <see cref="Load"/>; look at that after taking the task.</summary>
    public Task WaitForLoadAsync()
    {
        lock (_progressLock) return _progressed.Task;
    }

    /// <summary>Has segments sealed soon instead of at the next tick.</summary>
    public void RequestMaintenance() => _maintenance.Release();

    /// <summary>Waits for the next request, or a tick.</summary>
    public async Task WaitForMaintenanceAsync(TimeSpan tick)
    {
        await _maintenance.WaitAsync(tick, Stopped).ConfigureAwait(false);
        while (_maintenance.Wait(0))
        {
        }
    }

    public void SetInfo(CollectionInfo info)
    {
        Volatile.Write(ref _info, info);
        InfoChanged?.Invoke(info);
    }

    public void Stop() => _stop.Cancel();
}

/// <summary>How far the loading of a collection's sealed segments is, for one description of the collection.</summary>
internal sealed record LoadState(CollectionInfo Info, LoadProgress Progress);

internal static class CheckpointCover
{
    /// <summary>True when the rows of a growing segment are in committed files, as far as they are not deleted.</summary>
    public static bool Covers(this ChannelCheckpoint checkpoint, GrowingExtent extent)
    {
        if (!extent.IsSealing) return false;
        if (extent.LastSequence <= checkpoint.LogSequence) return true;
        foreach (var s in checkpoint.Sealed)
            if (s.SegmentId == extent.Segment.SegmentId) return true;
        return false;
    }
}
