using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.StreamingNode.Tests.Channels;

/// <summary>A channel with a log in a list, object storage in memory and a committed state, worked on by a seed; and the naive truth.</summary>
internal sealed class SealingWorld
{
    private readonly Random _random;
    private readonly ChannelOptions _options = new() { MaxSegmentRows = 12 };
    private readonly InMemoryObjectStore _objects = new();
    private readonly List<WriteRecord> _log = [];
    private readonly List<SegmentManifest> _committed = [];
    private readonly List<(long Key, long Stamp, long Partition, Timestamp From)> _rows = [];
    private readonly List<(long Key, long? Partition, Timestamp At)> _deletes = [];
    private ChannelCheckpoint? _checkpoint;
    private Timestamp _horizon;
    private long _stamp;
    private int _files;

    public SealingWorld(int seed)
    {
        _random = new Random(seed);
        Channel = Given.Channel(Oracle, _options);
    }

    public CountingOracle Oracle { get; } = new();

    public ShardChannel Channel { get; private set; }

    /// <summary>Moments that no reader may be denied: the horizon of deletes left out, and later.</summary>
    public IEnumerable<Timestamp> Moments
    {
        get
        {
            for (var t = Math.Max(_horizon.Value, 1000); t <= Oracle.Current.Value; t++) yield return new Timestamp(t);
        }
    }

    public int Seals { get; private set; }

    public void Write()
    {
        var partition = _random.Next(2) == 0 ? Given.PartitionA : Given.PartitionB;
        var keys = Enumerable.Range(0, _random.Next(1, 5)).Select(_ => (long)_random.Next(30)).Distinct().ToArray();
        var rows = keys.Select(k => (k, ++_stamp)).ToArray();
        var write = _random.Next(5) switch
        {
            0 => Given.Delete(keys),
            1 => Given.DeleteIn(partition, keys),
            2 => Given.Upsert(partition, rows),
            _ => Given.Insert(partition, rows),
        };
        var record = Channel.Write(write);
        _log.Add(record);
        if (write.Deletes is not null)
            foreach (var k in keys) _deletes.Add((k, write.DeletePartitions.IsDefaultOrEmpty ? null : partition, record.Timestamp));
        if (!write.Inserts.IsDefaultOrEmpty)
            foreach (var (k, s) in rows) _rows.Add((k, s, partition, record.Timestamp));
    }

    public List<(long Key, long Stamp, long Partition)> Truth(Timestamp at)
    {
        var visible = new List<(long, long, long)>();
        foreach (var r in _rows)
        {
            var isDeleted = _deletes.Any(d => d.Key == r.Key && (d.Partition is null || d.Partition == r.Partition) && d.At > r.From && d.At <= at);
            if (r.From <= at && !isDeleted) visible.Add((r.Key, r.Stamp, r.Partition));
        }
        visible.Sort();
        return visible;
    }

    /// <summary>Seals some of the growing segments the way the engine does, with writes in between.</summary>
    public async Task SealSomeAsync()
    {
        var chosen = Channel.Growing.Where(_ => _random.Next(2) == 0).ToList();
        Channel.BeginSeal(chosen);
        var horizon = new Timestamp(Oracle.Current.Value - (ulong)_random.Next(6));
        var manifests = new Dictionary<GrowingExtent, SegmentManifest>();
        foreach (var extent in chosen)
        {
            if (_random.Next(3) == 0) Write();
            var place = new SegmentPlace(extent.Segment.SegmentId, Given.Shard.CollectionId, extent.Segment.PartitionId, 0);
            manifests[extent] = await SegmentWriter.SealAsync(extent.Segment, place, horizon, _objects);
        }
        var plan = Channel.PlanCheckpoint(chosen, Channel.Tombstones, Oracle.Current);
        var files = plan.Tombstones;
        foreach (var d in Channel.Deletes.UpTo(plan.LogSequence))
            foreach (var partition in d.Partitions.IsDefaultOrEmpty ? [0L] : d.Partitions)
            {
                var times = Enumerable.Repeat(d.Timestamp, d.Keys.Count).ToArray();
                files = files.Add(await TombstoneFiles.WriteAsync(new TombstoneBatch(d.Keys, times), $"tombstones/{++_files}", _objects) with { PartitionId = partition });
            }
        _checkpoint = plan with { Tombstones = files };
        _committed.AddRange(manifests.Values.Where(m => m.RowCount > 0));
        if (chosen.Count > 0) _horizon = horizon > _horizon ? horizon : _horizon;
        if (_random.Next(2) == 0) Write();
        foreach (var (extent, manifest) in manifests) Channel.CommitSeal(extent, manifest.RowCount > 0 ? await LoadAsync(manifest) : null);
        Channel.CommitCheckpoint(_checkpoint);
        Seals += chosen.Count;
    }

    /// <summary>A new channel from the checkpoint, the log behind it and the committed segments.</summary>
    public async Task RestartAsync()
    {
        Channel = Given.Channel(Oracle, _options, _checkpoint);
        for (var i = (int)Channel.AppliedSequence; i < _log.Count; i++) Channel.Apply(i + 1, _log[i]);
        foreach (var manifest in _committed) Channel.SwapSealed([await LoadAsync(manifest)], []);
    }

    /// <summary>A channel that has never sealed anything: the whole log replayed.</summary>
    public ShardChannel ReplayAll()
    {
        var channel = Given.Channel(Oracle, _options);
        foreach (var record in _log) channel.Apply(channel.AppliedSequence + 1, record);
        return channel;
    }

    public async Task<LoadedSegment> SealAsync(GrowingExtent extent, Timestamp horizon)
    {
        var place = new SegmentPlace(extent.Segment.SegmentId, Given.Shard.CollectionId, extent.Segment.PartitionId, 0);
        return await LoadAsync(await SegmentWriter.SealAsync(extent.Segment, place, horizon, _objects));
    }

    private async Task<LoadedSegment> LoadAsync(SegmentManifest manifest)
    {
        var segment = await SealedSegment.LoadAsync(manifest, Given.Schema, _objects);
        foreach (var file in _checkpoint?.Tombstones ?? ImmutableArray<TombstoneFile>.Empty)
            if (file.PartitionId == 0 || file.PartitionId == manifest.PartitionId) segment.Delete(await TombstoneFiles.ReadAsync(file, _objects));
        return new LoadedSegment(segment, manifest.DeletesAppliedTo);
    }
}
