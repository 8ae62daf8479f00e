using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;

namespace Milvus.DataNode;

/// <summary>Keys of objects that belong to a channel rather than to one segment.</summary>
public static class ObjectNames
{
    public const string SegmentRoot = "segments/";
    public const string TombstoneRoot = "tombstones/";

    /// <summary>Everything of one collection's segments.</summary>
    public static string Collection(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{SegmentRoot}{collectionId}/");

    /// <summary>Everything of one collection's tombstone files.</summary>
    public static string CollectionTombstones(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{TombstoneRoot}{collectionId}/");

    /// <summary>
    /// Where the objects lie that a collection refers to without having written them, as one that was made of a snapshot does: collections' or snapshots' own
    /// prefixes. They are garbage when the last that refers to them goes.
    /// </summary>
    public static ImmutableArray<string> ForeignRoots(long collectionId, IEnumerable<string> keys)
    {
        var (segments, tombstones) = (Collection(collectionId), CollectionTombstones(collectionId));
        return
        [
            .. keys.Where(k => !k.StartsWith(segments, StringComparison.Ordinal) && !k.StartsWith(tombstones, StringComparison.Ordinal)).Select(RootOf).Distinct(StringComparer.Ordinal),
        ];
    }

    private static string RootOf(string key)
    {
        var second = key.IndexOf('/', key.IndexOf('/') + 1);
        return key[..(second + 1)];
    }

    public static string Tombstones(ShardId shard, long sequence, long partitionId) =>
        string.Create(CultureInfo.InvariantCulture, $"{TombstoneRoot}{shard.CollectionId}/{shard.Shard}/{sequence:D20}-{partitionId}.del");
}
