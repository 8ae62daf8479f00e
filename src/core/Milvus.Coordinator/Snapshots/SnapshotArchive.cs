using System.Collections.Immutable;
using System.IO.Compression;
using System.Security.Cryptography;
using Milvus.Coordinator.Persistence;
using Milvus.Model;

namespace Milvus.Coordinator.Snapshots;

/// <summary>An object of an exported snapshot.</summary>
/// <param name="Key">What the snapshot's segments and checkpoints call it.</param>
/// <param name="File">Where it is, below the place of the description.</param>
/// <param name="Hash">SHA-256 of its bytes, in hexadecimal digits.</param>
public sealed record ArchivedObject(string Key, string File, long Length, string Hash);

/// <summary>
/// An exported snapshot: the collection as it was, what it is made of, and which files hold that. This is the server's own format; its description is one JSON object with
/// a version, and a checksum over everything else.
/// </summary>
public sealed record SnapshotArchive(SnapshotInfo Snapshot, SnapshotContent Content, ImmutableArray<ArchivedObject> Objects)
{
    private const string Kind = "snapshot-export";

    /// <summary>A description of some hundred thousand segments; more is no description but a bomb.</summary>
    private const int MaxBytes = 1 << 29;

    /// <summary>The latest timestamp that a row or a delete of it has.</summary>
    public Timestamp Latest => Content.Segments.Select(s => s.MaxTimestamp).Concat(Content.Channels.Select(c => c.Timestamp)).Append(Snapshot.CreatedAt).Max();

    public byte[] Encode()
    {
        var body = Compress(RecordWriter.Write(json =>
        {
            json.WriteBase64String("snapshot", SnapshotCodec.Encode(Snapshot with { Pins = [] }));
            json.WriteStrings("segments", [.. Content.Segments.Select(s => Convert.ToBase64String(SegmentCodec.Encode(s)))]);
            json.WriteStrings("channels", [.. Content.Channels.Select(c => Convert.ToBase64String(SegmentCodec.Encode(c)))]);
            json.WriteObjects("objects", Objects, static (j, o) =>
            {
                j.WriteString("key", o.Key);
                j.WriteString("file", o.File);
                j.WriteNumber("length", o.Length);
                j.WriteString("sha256", o.Hash);
            });
        }));
        return RecordWriter.Write(json =>
        {
            json.WriteString("kind", Kind);
            json.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(body)));
            json.WriteBase64String("body", body);
        });
    }

    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="IntegrityException">The bytes are no such description, or not as they were written.</exception>
    public static SnapshotArchive Decode(string name, ReadOnlyMemory<byte> bytes)
    {
        var body = RecordReader.Read(name, bytes, r =>
        {
            if (r.OptionalText("kind") != Kind) throw new FormatException("not the description of an exported snapshot");
            var content = Convert.FromBase64String(r.Text("body"));
            return Convert.ToHexStringLower(SHA256.HashData(content)) == r.Text("sha256") ? content : throw new FormatException("the checksum is another");
        });
        var archive = RecordReader.Read(name, Decompress(name, body), r => new SnapshotArchive(
            SnapshotCodec.DecodeSnapshot(name, Convert.FromBase64String(r.Text("snapshot"))),
            new SnapshotContent(
                [.. r.Strings("segments").Select(s => SegmentCodec.DecodeSegment(name, Convert.FromBase64String(s)))],
                [.. r.Strings("channels").Select(c => SegmentCodec.DecodeCheckpoint(name, Convert.FromBase64String(c)))]),
            r.Objects("objects", static o => new ArchivedObject(o.Text("key"), o.Text("file"), o.Number("length"), o.Text("sha256")))));
        var known = archive.Objects.Select(o => o.Key).ToHashSet(StringComparer.Ordinal);
        return archive.Content.ObjectKeys.FirstOrDefault(k => !known.Contains(k)) is { } missing ? throw new IntegrityException(name, $"no file holds {missing}") : archive;
    }

    /// <summary>The same with its objects under other keys.</summary>
    /// <param name="keys">New keys by old.</param>
    public SnapshotArchive Moved(IReadOnlyDictionary<string, string> keys) => this with
    {
        Content = new SnapshotContent(
            [
                .. Content.Segments.Select(s => s with
                {
                    Columns = [.. s.Columns.Select(c => c with { ObjectKey = keys[c.ObjectKey] })],
                    Indexes = [.. s.Indexes.Select(i => i with { ObjectKey = keys[i.ObjectKey] })],
                }),
            ],
            [.. Content.Channels.Select(c => c with { Tombstones = [.. c.Tombstones.Select(t => t with { ObjectKey = keys[t.ObjectKey] })] })]),
        Objects = [.. Objects.Select(o => o with { Key = keys[o.Key] })],
    };

    private static byte[] Compress(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var brotli = new BrotliStream(target, CompressionLevel.Fastest)) brotli.Write(bytes);
        return target.ToArray();
    }

    private static byte[] Decompress(string name, byte[] bytes)
    {
        try
        {
            using var source = new BrotliStream(new MemoryStream(bytes), CompressionMode.Decompress);
            using var target = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (source.Read(buffer) is > 0 and var count)
            {
                if (target.Length + count > MaxBytes) throw new IntegrityException(name, "decompresses to more than a description can be");
                target.Write(buffer, 0, count);
            }
            return target.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw new IntegrityException(name, "cannot be decompressed", e);
        }
    }
}
