using Google.Protobuf;
using Milvus.Actors.Messages;
using Milvus.Actors.Protocol;
using Milvus.Actors.Query;
using Milvus.Actors.Rpc;
using Milvus.Actors.Tests.Rig;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Actors.Tests.Query;

/// <summary>Deletes that channels push to the segments on query nodes.</summary>
public sealed class DeletePushTests : IAsyncLifetime
{
    private SegmentWorld _world = null!;
    private LoopNetwork _network = null!;
    private QueryRole _role = null!;

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        _network = new LoopNetwork();
        _role = QueryRole.Create(_world.Node(_network.Node("q")), QueryOptions.Default);
        for (var id = 1; id <= 2; id++)
        {
            await _world.SealAsync(id, id * 100, 50, 10);
            await _role.Loads.LoadAsync(new LoadSegment(_world.Collection.Id, id, 0, 0, []), new SegmentHold(0), default);
        }
    }

    public async Task DisposeAsync()
    {
        _role.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Every_segment_named_gets_them_once()
    {
        for (var again = 0; again < 3; again++)
        {
            Assert.Empty(await PushAsync(0, 5, [1, 2], Delete(3, 20, 101, 201), Delete(5, 30, 102)));
            Assert.Equal([101, 102], Deleted(1));
            Assert.Equal([201], Deleted(2));
            Assert.Equal((5, 5), (_role.Table.Find(1)!.AppliedDeletes, _role.Table.Find(2)!.AppliedDeletes));
        }
    }

    [Fact]
    public async Task Segments_that_are_elsewhere_are_named() =>
        Assert.Equal("7 8", string.Join(' ', await PushAsync(0, 5, [7, 1, 8], Delete(3, 20, 101))));

    [Fact]
    public async Task A_gap_is_not_passed_over()
    {
        // The sender thinks of an incarnation that had everything up to 4.
        Assert.Equal(1, Assert.Single(await PushAsync(4, 6, [1], Delete(5, 20, 101))));
        Assert.Equal(0, _role.Table.Find(1)!.AppliedDeletes);
        Assert.Equal([101], Deleted(1));
        // What fills the gap comes later and is older.
        Assert.Empty(await PushAsync(0, 6, [1], Delete(2, 15, 102), Delete(5, 20, 101)));
        Assert.Equal(6, _role.Table.Find(1)!.AppliedDeletes);
        Assert.Equal([101, 102], Deleted(1));
    }

    [Fact]
    public async Task Deletes_of_other_partitions_do_not_apply()
    {
        Assert.Empty(await PushAsync(0, 2, [1], Delete(1, 20, 101) with { Partitions = [_world.Partition + 1] }, Delete(2, 21, 102) with { Partitions = [_world.Partition] }));
        Assert.Equal([102], Deleted(1));
    }

    [Fact]
    public async Task Overlapping_pushes_from_many_sides_end_the_same()
    {
        var random = new Random(5);
        var log = Enumerable.Range(1, 60).Select(s => Delete(s, 20 + (ulong)s, 100 + random.Next(50))).ToList();
        await Parallel.ForAsync(0, 40, async (i, _) =>
        {
            var from = new Random(i).Next(0, 60);
            await PushAsync(0, from, [1], [.. log.Where(d => d.Sequence <= from)]);
            await PushAsync(from, 60, [1], [.. log.Where(d => d.Sequence > from)]);
        });
        Assert.Empty(await PushAsync(0, 60, [1], [.. log]));
        var segment = _role.Table.Find(1)!.Segment;
        var (rows, times) = segment.Tombstones.Since(Timestamp.Zero);
        var keys = segment.PrimaryKeysOf(rows).Int64s.ToArray();
        var expected = log.SelectMany(d => d.Keys.Int64s.ToArray().Select(k => (Key: k, d.Timestamp))).GroupBy(d => d.Key).ToDictionary(g => g.Key, g => g.Min(d => d.Timestamp));
        Assert.Equal(expected.OrderBy(e => e.Key), keys.Select((k, i) => KeyValuePair.Create(k, times[i])).OrderBy(e => e.Key));
    }

    [Fact]
    public void What_is_pushed_survives_the_way()
    {
        var texts = new LoggedDelete(9, SegmentWorld.At(3), new PrimaryKeys(BinaryColumn.FromStrings(DataType.VarChar, ["a", "ü", ""])), [4, 5]);
        var read = DeletePushes.Decode(LoggedDeletes.Parser.ParseFrom(DeletePushes.Encode(texts).ToByteArray()));
        Assert.Equal((9, texts.Timestamp), (read.Sequence, read.Timestamp));
        Assert.Equal([4, 5], read.Partitions.ToArray());
        Assert.Equal(["a", "ü", ""], Enumerable.Range(0, 3).Select(read.Keys.Strings.GetString));
        Assert.Throws<IntegrityException>(() => DeletePushes.Decode(new LoggedDeletes { Keys = ByteString.CopyFrom(1, 2, 3) }));
    }

    [Fact]
    public async Task A_segment_that_was_read_anew_is_named_although_nothing_seems_to_be_missing()
    {
        var request = DeletePushes.Request(_world.Shard, [(1, _role.Table.Find(1)!.Incarnation - 1)], [Delete(3, 20, 101)], 0, 5);
        Assert.Equal([1], DeletePushes.Apply(_role.Table, request).MissingSegmentIds);
        Assert.Equal(0, _role.Table.Find(1)!.AppliedDeletes);
        // A node of an earlier version names no incarnations.
        request.Incarnations.Clear();
        Assert.Empty(DeletePushes.Apply(_role.Table, request).MissingSegmentIds);
    }

    private async Task<long[]> PushAsync(long after, long upTo, long[] segments, params LoggedDelete[] deletes)
    {
        var request = DeletePushes.Request(_world.Shard, segments.Select(id => (id, _role.Table.Find(id)?.Incarnation ?? 0)), deletes, after, upTo).ToByteArray();
        var node = _network.Node("q");
        return [.. PushDeletesReply.Parser.ParseFrom((await node.CallAsync(node.Self, RpcMethod.PushDeletes, request, default)).Span).MissingSegmentIds];
    }

    private static LoggedDelete Delete(long sequence, ulong at, params long[] keys) => new(sequence, SegmentWorld.At(at), SegmentWorld.Keys(keys), []);

    private long[] Deleted(long segmentId)
    {
        var segment = _role.Table.Find(segmentId)!.Segment;
        return [.. segment.PrimaryKeysOf(segment.Tombstones.Since(Timestamp.Zero).Rows).Int64s.ToArray().Order()];
    }
}
