using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Segment manifests and channel checkpoints as stored. Names here are frozen.</summary>
internal static class SegmentCodec
{
    public static byte[] Encode(SegmentManifest segment) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", segment.SegmentId);
        json.WriteNumber("collection", segment.CollectionId);
        json.WriteNumber("partition", segment.PartitionId);
        json.WriteNumber("shard", segment.Shard);
        json.WriteNumber("rows", segment.RowCount);
        json.WriteNumber("minTs", segment.MinTimestamp.Value);
        json.WriteNumber("maxTs", segment.MaxTimestamp.Value);
        json.WriteOptional("deletesTo", segment.DeletesAppliedTo);
        json.WriteObjects("columns", segment.Columns, static (j, c) =>
        {
            j.WriteNumber("field", c.FieldId);
            j.WriteString("key", c.ObjectKey);
            j.WriteNumber("bytes", c.Bytes);
        });
        json.WriteObjects("indexes", segment.Indexes, static (j, i) =>
        {
            j.WriteNumber("field", i.FieldId);
            j.WriteNumber("index", i.IndexId);
            j.WriteString("kind", i.Kind);
            j.WriteString("key", i.ObjectKey);
            j.WriteNumber("bytes", i.Bytes);
        });
        json.WriteNumbers("from", segment.CompactedFrom);
        json.WriteNumbers("incomplete", segment.Incomplete);
        json.WriteStrings("sources", segment.Sources);
    });

    public static SegmentManifest DecodeSegment(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new SegmentManifest
    {
        SegmentId = r.Number("id"),
        CollectionId = r.Number("collection"),
        PartitionId = r.Number("partition"),
        Shard = r.Int("shard"),
        RowCount = r.Int("rows"),
        MinTimestamp = r.Timestamp("minTs"),
        MaxTimestamp = r.Timestamp("maxTs"),
        DeletesAppliedTo = r.Timestamp("deletesTo"),
        Columns = r.Objects("columns", static c => new SegmentColumnFile(c.Number("field"), c.Text("key"), c.Number("bytes"))),
        Indexes = r.Objects("indexes", static i => new SegmentIndexFile(i.Number("field"), i.Number("index"), i.Text("kind"), i.Text("key"), i.Number("bytes"))),
        CompactedFrom = r.Numbers("from"),
        Incomplete = r.Numbers("incomplete"),
        Sources = r.Strings("sources"),
    });

    public static byte[] Encode(ChannelCheckpoint checkpoint) => RecordWriter.Write(json =>
    {
        json.WriteNumber("collection", checkpoint.Shard.CollectionId);
        json.WriteNumber("shard", checkpoint.Shard.Shard);
        json.WriteNumber("sequence", checkpoint.LogSequence);
        json.WriteNumber("ts", checkpoint.Timestamp.Value);
        json.WriteObjects("tombstones", checkpoint.Tombstones, WriteTombstones);
        json.WriteObjects("sealed", checkpoint.Sealed, static (j, s) =>
        {
            j.WriteNumber("segment", s.SegmentId);
            j.WriteNumber("last", s.LastSequence);
        });
    });

    public static ChannelCheckpoint DecodeCheckpoint(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new ChannelCheckpoint
    {
        Shard = new(r.Number("collection"), r.Int("shard")),
        LogSequence = r.Number("sequence"),
        Timestamp = r.Timestamp("ts"),
        Tombstones = r.Objects("tombstones", ReadTombstones),
        Sealed = r.Objects("sealed", static s => new SealedExtent(s.Number("segment"), s.Number("last"))),
    });

    private static void WriteTombstones(Utf8JsonWriter json, TombstoneFile file)
    {
        json.WriteString("key", file.ObjectKey);
        json.WriteNumber("minTs", file.MinTimestamp.Value);
        json.WriteNumber("maxTs", file.MaxTimestamp.Value);
        json.WriteNumber("count", file.Count);
        json.WriteNumber("bytes", file.Bytes);
        json.WriteOptional("partition", file.PartitionId);
    }

    private static TombstoneFile ReadTombstones(RecordReader r) =>
        new(r.Text("key"), r.Timestamp("minTs"), r.Timestamp("maxTs"), r.Int("count"), r.Number("bytes"), r.OptionalNumber("partition"));
}
