using Milvus.Model;

namespace Milvus.StreamingNode.Tests.Channels;

public class PrepareTests
{
    private readonly CountingOracle _oracle = new();

    [Fact]
    public void Preparing_changes_nothing()
    {
        var channel = Given.Channel(_oracle);
        channel.Write(Given.Insert(Given.PartitionA, (1, 1), (2, 2)));
        var (view, sequence, deletes) = (channel.View, channel.AppliedSequence, channel.Deletes.Count);
        var before = VisibleRows.At(channel, Timestamp.Max);
        channel.Prepare([Given.Insert(Given.PartitionA, (3, 3)), Given.Delete(1), Given.Upsert(Given.PartitionB, (2, 9)), Given.Insert(99, (4, 4))]);
        Assert.Same(view, channel.View);
        Assert.Equal((sequence, deletes), (channel.AppliedSequence, channel.Deletes.Count));
        Assert.Equal(before, VisibleRows.At(channel, Timestamp.Max));
        Assert.Single(channel.Growing);
    }

    [Fact]
    public void A_partition_that_is_gone_is_refused_and_the_others_are_not()
    {
        var outcomes = Given.Channel(_oracle).Prepare([Given.Insert(99, (1, 1)), Given.Insert(Given.PartitionA, (1, 1))]);
        Assert.Equal(ErrorCode.PartitionNotFound, outcomes[0].Rejection!.Code);
        Assert.Null(outcomes[0].Record);
        Assert.NotNull(outcomes[1].Record);
    }

    [Fact]
    public void Records_of_one_batch_have_rising_timestamps_and_share_a_segment()
    {
        var outcomes = Given.Channel(_oracle).Prepare([Given.Insert(Given.PartitionA, (1, 1)), Given.Insert(Given.PartitionA, (2, 2))]);
        Assert.True(outcomes[0].Record!.Timestamp < outcomes[1].Record!.Timestamp);
        Assert.Equal(outcomes[0].Record!.Inserts[0].SegmentId, outcomes[1].Record!.Inserts[0].SegmentId);
    }

    [Fact]
    public void A_full_segment_is_followed_by_a_new_one_within_a_batch_and_between_batches()
    {
        var channel = Given.Channel(_oracle, new ChannelOptions { MaxSegmentRows = 3 });
        var writes = Enumerable.Range(0, 5).Select(i => Given.Insert(Given.PartitionA, (i, i), (i + 10, i))).ToList();
        var segments = channel.Prepare(writes).Select(o => o.Record!.Inserts[0].SegmentId).ToList();
        Assert.Equal(5, segments.Distinct().Count());
        foreach (var w in writes) channel.Write(w);
        Assert.All(channel.Growing, g => Assert.Equal(2, g.Segment.RowCount));
        Assert.Equal(4, channel.SealCandidates(_oracle.Current, 0).Count);
    }

    [Fact]
    public void A_write_larger_than_a_segment_gets_one_of_its_own()
    {
        var channel = Given.Channel(_oracle, new ChannelOptions { MaxSegmentRows = 2 });
        channel.Write(Given.Insert(Given.PartitionA, (1, 1), (2, 2), (3, 3)));
        channel.Write(Given.Insert(Given.PartitionA, (4, 4)));
        Assert.Equal([3, 1], channel.Growing.OrderBy(g => g.FirstSequence).Select(g => g.Segment.RowCount));
    }

    [Fact]
    public void A_sealing_segment_takes_no_more_rows_but_deletes()
    {
        var channel = Given.Channel(_oracle);
        channel.Write(Given.Insert(Given.PartitionA, (1, 1), (2, 2)));
        var first = channel.Growing.Single();
        channel.BeginSeal([first]);
        channel.Write(Given.Insert(Given.PartitionA, (3, 3)));
        channel.Write(Given.Delete(1));
        Assert.Equal(2, first.Segment.RowCount);
        Assert.Equal([(2, 2, Given.PartitionA), (3, 3, Given.PartitionA)], VisibleRows.At(channel, Timestamp.Max));
    }

    [Fact]
    public void Old_segments_and_those_that_hold_back_a_long_log_are_to_be_sealed()
    {
        var oracle = new CountingOracle(Timestamp.FromMs(1_000_000).Value);
        var channel = Given.Channel(oracle, new ChannelOptions { MaxGrowingAgeMs = 1000, MaxLogBytes = 500 });
        channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        Assert.Empty(channel.SealCandidates(Timestamp.FromMs(1_000_500), 499));
        Assert.Single(channel.SealCandidates(Timestamp.FromMs(1_001_000), 0));
        Assert.Single(channel.SealCandidates(Timestamp.FromMs(1_000_500), 500));
    }

    [Fact]
    public void An_upsert_replaces_a_row_at_one_moment()
    {
        var channel = Given.Channel(_oracle);
        var inserted = channel.Write(Given.Insert(Given.PartitionA, (1, 1))).Timestamp;
        var upserted = channel.Write(Given.Upsert(Given.PartitionB, (1, 2))).Timestamp;
        for (var at = inserted.Value; at < upserted.Value; at++) Assert.Equal([(1, 1, Given.PartitionA)], VisibleRows.At(channel, new Timestamp(at)));
        Assert.Equal([(1, 2, Given.PartitionB)], VisibleRows.At(channel, upserted));
    }

    [Fact]
    public void A_record_out_of_order_stops_the_channel()
    {
        var channel = Given.Channel(_oracle);
        var record = channel.Prepare([Given.Insert(Given.PartitionA, (1, 1))])[0].Record!;
        Assert.Throws<IntegrityException>(() => channel.Apply(2, record));
        channel.Apply(1, record);
        Assert.Throws<IntegrityException>(() => channel.Apply(1, record));
    }
}
