using Milvus.Model;

namespace Milvus.StreamingNode.Tests.Channels;

public class CatalogueChangeTests
{
    private readonly CountingOracle _oracle = new();

    [Fact]
    public void A_dropped_partition_leaves_at_once_and_replay_does_not_bring_it_back()
    {
        var channel = Given.Channel(_oracle);
        WriteRecord[] records = [channel.Write(Given.Insert(Given.PartitionA, (1, 1))), channel.Write(Given.Insert(Given.PartitionB, (2, 2)))];
        var without = Given.Context with { PartitionIds = [Given.PartitionB] };
        channel.Update(without);
        Assert.Equal([(2, 2, Given.PartitionB)], VisibleRows.At(channel, Timestamp.Max));
        Assert.Single(channel.Growing);
        Assert.Equal([(2, 2, Given.PartitionB)], VisibleRows.At(Replay(without, records), Timestamp.Max));
    }

    [Fact]
    public void Truncated_rows_are_gone_and_later_ones_are_not()
    {
        var channel = Given.Channel(_oracle);
        var first = channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        var truncated = Given.Context with { TruncatedAt = _oracle.Next() };
        channel.Update(truncated);
        Assert.Empty(VisibleRows.At(channel, Timestamp.Max));
        Assert.Empty(channel.Growing);
        var second = channel.Write(Given.Insert(Given.PartitionA, (1, 3)));
        Assert.Equal([(1, 3, Given.PartitionA)], VisibleRows.At(channel, Timestamp.Max));
        Assert.Equal([(1, 3, Given.PartitionA)], VisibleRows.At(Replay(truncated, first, second), Timestamp.Max));
    }

    [Fact]
    public void A_segment_that_is_truncated_while_it_grows_on_hides_its_old_rows()
    {
        var channel = Given.Channel(_oracle);
        channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        var at = _oracle.Next();
        // The write reaches the channel before the catalogue's change does.
        channel.Write(Given.Insert(Given.PartitionA, (2, 2)));
        channel.Update(Given.Context with { TruncatedAt = at });
        Assert.Equal([(2, 2, Given.PartitionA)], VisibleRows.At(channel, Timestamp.Max));
    }

    [Fact]
    public async Task A_segment_sealed_while_its_partition_was_dropped_does_not_come_into_view()
    {
        var world = new SealingWorld(seed: 1);
        world.Channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        var extent = world.Channel.Growing.Single();
        world.Channel.BeginSeal([extent]);
        var loaded = await world.SealAsync(extent, world.Oracle.Current);
        world.Channel.Update(Given.Context with { PartitionIds = [Given.PartitionB] });
        world.Channel.CommitSeal(extent, loaded);
        Assert.Empty(world.Channel.View.Sealed);
        world.Channel.SwapSealed([loaded], []);
        Assert.Empty(world.Channel.View.Sealed);
    }

    [Fact]
    public async Task A_segment_loaded_under_the_old_schema_learns_the_new_one()
    {
        var world = new SealingWorld(seed: 2);
        world.Channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        var extent = world.Channel.Growing.Single();
        world.Channel.BeginSeal([extent]);
        var loaded = await world.SealAsync(extent, world.Oracle.Current);
        var wider = new CollectionSchema([.. Given.Schema.Fields, new FieldSchema { Id = 150, Name = "later", Type = DataType.Int64, Nullable = true }]);
        world.Channel.Update(Given.Context with { Schema = wider });
        world.Channel.CommitSeal(extent, loaded);
        Assert.True(world.Channel.View.Sealed.Single().Fetch(150, [0]).IsNull(0));
    }

    private ShardChannel Replay(ChannelContext context, params WriteRecord[] records)
    {
        var channel = Given.Channel(_oracle, context: context);
        foreach (var r in records) channel.Apply(channel.AppliedSequence + 1, r);
        return channel;
    }
}
