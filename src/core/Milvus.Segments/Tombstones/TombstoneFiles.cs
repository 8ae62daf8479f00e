using System.Buffers;
using System.Buffers.Binary;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>
/// Deletes of a channel as one checksummed object. Layout, little-endian: magic, version, count; the timestamps, oldest first, 8 bytes
/// each; the keys in the form of <see cref="ColumnCodec"/>; the CRC-32C of everything before it.
/// </summary>
public static class TombstoneFiles
{
    private const uint Magic = 0x54_4D_4F_54; // "TOMT"
    private const int Version = 1;
    private const int ChecksumBytes = sizeof(uint);

    /// <summary>Writes the deletes, oldest first. There is at least one.</summary>
    public static async Task<TombstoneFile> WriteAsync(
        TombstoneBatch deletes, string objectKey, IObjectStore store, CancellationToken cancellationToken = default)
    {
        if (deletes.Count == 0) throw new ArgumentException("no deletes to write", nameof(deletes));
        deletes = deletes.InTimeOrder();
        var output = new ArrayBufferWriter<byte>(checked((int)(ColumnCodec.EstimateSize(deletes.Keys.Column) + (deletes.Count * sizeof(ulong)) + 64)));
        ColumnCodec.WriteInt32(output, unchecked((int)Magic));
        ColumnCodec.WriteInt32(output, Version);
        ColumnCodec.WriteInt32(output, deletes.Count);
        foreach (var time in deletes.Times) ColumnCodec.WriteInt64(output, unchecked((long)time.Value));
        ColumnCodec.Write(output, deletes.Keys.Column);
        ColumnCodec.WriteInt32(output, unchecked((int)Crc32C.Compute(output.WrittenSpan)));
        await store.PutAsync(objectKey, output.WrittenMemory, cancellationToken).ConfigureAwait(false);
        return new TombstoneFile(objectKey, deletes.Times[0], deletes.Times[^1], deletes.Count, output.WrittenCount);
    }

    /// <exception cref="IntegrityException">The object is missing, damaged, or not the one described.</exception>
    public static async Task<TombstoneBatch> ReadAsync(TombstoneFile file, IObjectStore store, CancellationToken cancellationToken = default)
    {
        var bytes = await store.ReadAllBytesAsync(file.ObjectKey, cancellationToken).ConfigureAwait(false);
        var deletes = Decode(bytes, file.ObjectKey);
        if (deletes.Count != file.Count || deletes.Times[0] != file.MinTimestamp || deletes.Times[^1] != file.MaxTimestamp)
            throw new IntegrityException(file.ObjectKey, $"holds {deletes.Count} deletes up to {deletes.Times[^1]} instead of {file.Count} up to {file.MaxTimestamp}");
        return deletes;
    }

    private static TombstoneBatch Decode(byte[] bytes, string name)
    {
        if (bytes.Length < ChecksumBytes + 12) throw new IntegrityException(name, $"truncated: {bytes.Length} bytes cannot be a tombstone file");
        var body = bytes.AsMemory(0, bytes.Length - ChecksumBytes);
        if (Crc32C.Compute(body.Span) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(body.Length)))
            throw new IntegrityException(name, "checksum mismatch");
        var input = new ColumnReader(body, name);
        if (unchecked((uint)input.ReadInt32()) != Magic) throw input.Damaged("not a tombstone file");
        if (input.ReadInt32() is var version and not Version) throw input.Damaged($"version {version} is not supported");
        var count = input.ReadInt32();
        if (count < 1 || count > body.Length / sizeof(ulong)) throw input.Damaged($"{count} deletes");
        var times = new Timestamp[count];
        for (var i = 0; i < times.Length; i++) times[i] = new Timestamp(unchecked((ulong)input.ReadInt64()));
        var keys = ColumnCodec.Read(ref input);
        if (keys.Count != count || keys.Type is not (DataType.Int64 or DataType.VarChar)) throw input.Damaged($"{keys.Count} keys of {keys.Type} for {count} deletes");
        return new TombstoneBatch(new PrimaryKeys(keys), times);
    }
}
