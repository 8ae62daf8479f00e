using Milvus.Model;

namespace Milvus.StreamingNode.Tests.Channels;

public class ReplayTests
{
    [Fact]
    public void Replaying_the_same_records_gives_the_same_state_at_every_moment()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var world = new SealingWorld(seed);
            for (var i = 0; i < 40; i++) world.Write();
            var (first, second) = (world.ReplayAll(), world.ReplayAll());
            VisibleRows.AssertSame(world.Channel, first, world.Moments);
            VisibleRows.AssertSame(first, second, world.Moments);
            Assert.Equal(Shape(world.Channel), Shape(first));
            Assert.Equal(Shape(first), Shape(second));
        }
    }

    /// <summary>Whatever was sealed when, a restart from checkpoint, log and files shows what the whole history says, at every moment.</summary>
    [Fact]
    public async Task Checkpoint_and_sealed_segments_stand_for_the_log_they_cover()
    {
        var seals = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var world = new SealingWorld(seed);
            var random = new Random(seed);
            for (var round = 0; round < 6; round++)
            {
                for (var i = random.Next(12); i >= 0; i--) world.Write();
                if (random.Next(4) != 0) await world.SealSomeAsync();
                Check(world, seed);
                if (random.Next(2) == 0)
                {
                    await world.RestartAsync();
                    Check(world, seed);
                }
            }
            seals += world.Seals;
        }
        Assert.True(seals > 100, $"only {seals} segments were sealed");
    }

    [Fact]
    public void The_checkpoint_stays_before_whatever_is_not_sealed()
    {
        var oracle = new CountingOracle();
        var channel = Given.Channel(oracle);
        channel.Write(Given.Insert(Given.PartitionA, (1, 1)));
        channel.Write(Given.Insert(Given.PartitionB, (2, 2)));
        channel.Write(Given.Insert(Given.PartitionA, (3, 3)));
        var a = channel.Growing.Single(g => g.Segment.PartitionId == Given.PartitionA);
        var b = channel.Growing.Single(g => g.Segment.PartitionId == Given.PartitionB);

        Assert.Equal(0, channel.PlanCheckpoint([], [], oracle.Current).LogSequence);
        var onlyA = channel.PlanCheckpoint([a], [], oracle.Current);
        Assert.Equal(1, onlyA.LogSequence);
        Assert.Equal(new SealedExtent(a.Segment.SegmentId, 3), Assert.Single(onlyA.Sealed));
        Assert.Equal(0, channel.PlanCheckpoint([b], [], oracle.Current).LogSequence);
        var both = channel.PlanCheckpoint([a, b], [], oracle.Current);
        Assert.Equal(3, both.LogSequence);
        Assert.Empty(both.Sealed);
    }

    private static void Check(SealingWorld world, int seed)
    {
        foreach (var at in world.Moments)
        {
            var (expected, actual) = (world.Truth(at), VisibleRows.At(world.Channel, at));
            Assert.True(expected.SequenceEqual(actual), $"seed {seed} at {at}: expected [{string.Join(' ', expected)}] but read [{string.Join(' ', actual)}]");
        }
    }

    private static List<(long Segment, int Rows, long First, long Last, long Bytes)> Shape(ShardChannel channel) =>
        [.. channel.Growing.Select(g => (g.Segment.SegmentId, g.Segment.RowCount, g.FirstSequence, g.LastSequence, g.PayloadBytes)).Order()];
}
