using System.Collections.Immutable;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Replication;

/// <summary>The committed segments of one collection as of one moment.</summary>
/// <param name="Segments">Ascending by id.</param>
public sealed record StoredSegments(ImmutableArray<SegmentManifest> Segments, ImmutableArray<ChannelCheckpoint> Checkpoints)
{
    public ChannelCheckpoint? CheckpointOf(int shard) => Checkpoints.FirstOrDefault(c => c.Shard.Shard == shard);
}

/// <summary>Reads manifests and checkpoints beside the coordinator that writes them.</summary>
public static class SegmentStore
{
    private const int MaxAttempts = 20;

    /// <remarks>
    /// A seal commits its manifests together with its checkpoint. So the manifests are read between two looks at the checkpoints, and again until these
    /// are the same: then no seal happened in between, and checkpoints and manifests belong together.
    /// </remarks>
    /// <exception cref="IntegrityException">An entry cannot be read.</exception>
    /// <exception cref="IOException">The store cannot be read, or changed all the time.</exception>
    public static async Task<StoredSegments> LoadAsync(IMetaStore store, long collectionId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var checkpoints = await store.LoadAsync(MetaLayout.ChannelsOf(collectionId), cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var segments = await store.LoadAsync(MetaLayout.SegmentsOf(collectionId), cancellationToken).ConfigureAwait(false);
            var after = await store.LoadAsync(MetaLayout.ChannelsOf(collectionId), cancellationToken).ConfigureAwait(false);
            if (AreSame(checkpoints, after))
            {
                return new(
                    [.. segments.Select(e => SegmentCodec.DecodeSegment(e.Key, e.Value)).OrderBy(s => s.SegmentId)],
                    [.. checkpoints.Select(e => SegmentCodec.DecodeCheckpoint(e.Key, e.Value))]);
            }
            checkpoints = after;
        }
        throw new IOException($"the checkpoints of collection {collectionId} changed at every one of {MaxAttempts} looks");
    }

    /// <summary>True once the rows of an import job are committed.</summary>
    public static async Task<bool> IsImportedAsync(IMetaStore store, long collectionId, long importId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var key = MetaLayout.ImportedBy(collectionId, importId);
        return (await store.LoadAsync(key, cancellationToken).ConfigureAwait(false)).Any(e => e.Key == key);
    }

    /// <summary>What a snapshot is made of; null for one that does not exist.</summary>
    /// <exception cref="IntegrityException">An entry cannot be read.</exception>
    public static async Task<Snapshots.SnapshotContent?> LoadSnapshotAsync(IMetaStore store, long snapshotId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var stored = SnapshotContents.Decode(await store.LoadAsync(MetaLayout.SnapshotOf(snapshotId), cancellationToken).ConfigureAwait(false));
        if (stored.TryGetValue(snapshotId, out var content)) return content;
        // Of a collection that never had rows nothing is stored but that the snapshot exists, which is removed together with the content.
        var info = MetaLayout.SnapshotInfo(snapshotId);
        return (await store.LoadAsync(info, cancellationToken).ConfigureAwait(false)).Any(e => e.Key == info) ? new([], []) : null;
    }

    private static bool AreSame(IReadOnlyList<MetaEntry> a, IReadOnlyList<MetaEntry> b)
    {
        if (a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
            if (a[i].Key != b[i].Key || !a[i].Value.AsSpan().SequenceEqual(b[i].Value)) return false;
        return true;
    }
}

/// <summary>A change to segments as bytes, for the way from the node that did the work to the coordinator that commits it.</summary>
public static class SegmentChangeCodec
{
    private const string Source = "segment change";

    public static byte[] Encode(SegmentChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return RecordWriter.Write(json =>
        {
            json.WriteNumber("collection", change.CollectionId);
            json.WriteStrings("added", [.. change.Added.Select(s => Convert.ToBase64String(SegmentCodec.Encode(s)))]);
            json.WriteStrings("replaced", [.. change.Replaced.Select(s => Convert.ToBase64String(SegmentCodec.Encode(s)))]);
            json.WriteNumbers("removed", change.Removed);
            json.WriteOptional("checkpoint", change.Checkpoint is { } c ? Convert.ToBase64String(SegmentCodec.Encode(c)) : "");
            json.WriteOptional("fenced", change.IsFenced ? 1L : 0L);
            json.WriteOptional("import", change.ImportId);
            json.WriteOptional("replaces", change.Replaces is { } r ? Convert.ToBase64String(SegmentCodec.Encode(r)) : "");
        });
    }

    /// <exception cref="IntegrityException">Not a change this program understands.</exception>
    public static SegmentChange Decode(ReadOnlyMemory<byte> bytes) => RecordReader.Read(Source, bytes, r => new SegmentChange
    {
        CollectionId = r.Number("collection"),
        Added = [.. r.Strings("added").Select(Manifest)],
        Replaced = [.. r.Strings("replaced").Select(Manifest)],
        Removed = r.Numbers("removed"),
        Checkpoint = r.OptionalText("checkpoint") is { Length: > 0 } text ? SegmentCodec.DecodeCheckpoint(Source, Bytes(text)) : null,
        ImportId = r.OptionalNumber("import"),
        IsFenced = r.OptionalNumber("fenced") != 0,
        Replaces = r.OptionalText("replaces") is { Length: > 0 } replaced ? SegmentCodec.DecodeCheckpoint(Source, Bytes(replaced)) : null,
    });

    private static SegmentManifest Manifest(string text) => SegmentCodec.DecodeSegment(Source, Bytes(text));

    private static byte[] Bytes(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw new IntegrityException(Source, "not base64", e);
        }
    }
}
