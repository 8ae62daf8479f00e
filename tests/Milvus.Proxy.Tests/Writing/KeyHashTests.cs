using Milvus.Model;
using Milvus.Proxy.Writing;

namespace Milvus.Proxy.Tests.Writing;

public sealed class KeyHashTests
{
    /// <summary>Stored rows rely on these numbers: the test may grow but never change.</summary>
    [Fact]
    public void Hashes_are_frozen()
    {
        Assert.Equal(0xE220A8397B1DCDAFUL, KeyHash.Of(0));
        Assert.Equal(SplitMix(1), KeyHash.Of(1));
        Assert.Equal(SplitMix(ulong.MaxValue), KeyHash.Of(-1));
        Assert.Equal(SplitMix(0xCBF29CE484222325), KeyHash.Of(""u8));
        // FNV-1a of "a", from the function's published test vectors.
        Assert.Equal(SplitMix(0xAF63DC4C8601EC8C), KeyHash.Of("a"u8));
    }

    [Fact]
    public void Keys_spread_evenly()
    {
        var random = new Random(1);
        foreach (var buckets in new[] { 2, 3, 16 })
        {
            var shards = new int[buckets];
            var partitions = new int[buckets];
            for (var i = 0; i < 16_000; i++)
            {
                shards[KeyHash.Shard(i, buckets)]++;
                partitions[KeyHash.Partition(System.Text.Encoding.UTF8.GetBytes($"tenant-{random.Next()}"), buckets)]++;
            }
            Assert.All(shards.Concat(partitions), n => Assert.InRange(n, 16_000 / buckets * 0.85, 16_000 / buckets * 1.15));
        }
    }

    [Fact]
    public void Shards_of_a_column_are_those_of_its_keys()
    {
        Assert.Equal([KeyHash.Shard(5, 3), KeyHash.Shard(6, 3)], KeyHash.Shards(PrimaryKeys.Of(5, 6), 3));
        Assert.Equal([KeyHash.Shard("x"u8, 3), KeyHash.Shard("y"u8, 3)], KeyHash.Shards(PrimaryKeys.Of("x", "y"), 3));
        Assert.Equal([0, 0], KeyHash.Shards(PrimaryKeys.Of(5, 6), 1));
    }

    private static ulong SplitMix(ulong state)
    {
        var z = state + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
