using System.Security.Cryptography;
using Milvus.Model;
using Milvus.Storage.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Segments;

/// <summary>Files written by version 1 stay readable: these bytes must never change, only further versions may be added.</summary>
public sealed class ColumnFileFormatTests
{
    [Fact]
    public async Task Version_1_is_frozen()
    {
        var store = new InMemoryObjectStore();
        var column = new FixedColumn<int>(DataType.Int32, new[] { 3, 0, -7 }, Validity.FromFlags([true, false, true]));
        await ColumnFiles.WriteAsync(store, "v1.col", new ColumnFileFormat(101, DataType.Int32), [column]);
        var texts = BinaryColumn.FromStrings(DataType.VarChar, ["tiny", "words"]);
        await ColumnFiles.WriteAsync(store, "v1-text.col", new ColumnFileFormat(102, DataType.VarChar), [texts]);

        Assert.Equal((198, "13E3C341"), Fingerprint(store.Get("v1.col")));
        Assert.Equal((194, "94242654"), Fingerprint(store.Get("v1-text.col")));
    }

    [Fact]
    public async Task A_later_version_is_refused_by_number()
    {
        var store = new InMemoryObjectStore();
        await ColumnFiles.WriteAsync(store, "v.col", ColumnFileFormat.Timestamps, [new FixedColumn<long>(DataType.Int64, new long[3])]);
        var bytes = store.Get("v.col");
        bytes[4] = 2;
        BitConverter.GetBytes(Crc32C.Compute(bytes.AsSpan(0, 60))).CopyTo(bytes, 60);
        store.Set("v.col", bytes);

        var e = await Assert.ThrowsAsync<IntegrityException>(() => ColumnFileReader.OpenAsync(store, "v.col"));
        Assert.Contains("format version 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Persisted_numbers_are_frozen()
    {
        Assert.Equal([0, 1, 2, 3], Enum.GetValues<BoundKind>().Select(k => (int)k));
        Assert.Equal("segments/1/2/3/100.col", SegmentKeys.Column(1, 2, 3, 100));
        Assert.Equal("segments/1/2/3/100-9.idx", SegmentKeys.Index(1, 2, 3, 100, 9));
    }

    private static (int Length, string Digest) Fingerprint(byte[] bytes) => (bytes.Length, Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 4)));
}
