using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Which shard owns a primary key and which partition a partition key. Stored rows stay where these functions put them, so they are
/// frozen: integers go through the finaliser of SplitMix64 (Steele, Lea, Flood 2014), text through 64-bit FNV-1a over its UTF-8 bytes
/// and then the same finaliser; the bucket is the remainder of the hash by the number of buckets.
/// </summary>
public static class KeyHash
{
    // Partition keys are salted, so that a field serving as both kinds of key elsewhere does not correlate shards with partitions.
    private const ulong PartitionSalt = 0xA5A5_5A5A_C3C3_3C3C;

    public static ulong Of(long key) => Finish((ulong)key);

    /// <param name="key">UTF-8.</param>
    public static ulong Of(ReadOnlySpan<byte> key)
    {
        var hash = 0xCBF2_9CE4_8422_2325UL;
        foreach (var b in key) hash = (hash ^ b) * 0x0000_0100_0000_01B3UL;
        return Finish(hash);
    }

    public static int Shard(long key, int shards) => (int)(Of(key) % (uint)shards);

    /// <param name="key">UTF-8.</param>
    public static int Shard(ReadOnlySpan<byte> key, int shards) => (int)(Of(key) % (uint)shards);

    public static int Partition(long key, int partitions) => (int)(Finish(Of(key) ^ PartitionSalt) % (uint)partitions);

    /// <param name="key">UTF-8.</param>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)(Finish(Of(key) ^ PartitionSalt) % (uint)partitions);

    /// <summary>The shard of every key.</summary>
    public static int[] Shards(PrimaryKeys keys, int shards)
    {
        var result = new int[keys.Count];
        if (shards == 1) return result;
        if (keys.IsInt64)
        {
            var values = keys.Int64s;
            for (var i = 0; i < values.Length; i++) result[i] = Shard(values[i], shards);
        }
        else
        {
            var values = keys.Strings;
            for (var i = 0; i < result.Length; i++) result[i] = Shard(values[i], shards);
        }
        return result;
    }

    private static ulong Finish(ulong z)
    {
        z += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
