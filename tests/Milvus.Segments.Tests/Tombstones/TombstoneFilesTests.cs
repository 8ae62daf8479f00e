using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Tombstones;

public class TombstoneFilesTests
{
    [Theory]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.VarChar)]
    public async Task Deletes_come_back_oldest_first(DataType keyType)
    {
        var store = new InMemoryObjectStore();
        var batch = new TombstoneBatch(StampedRows.Keys(keyType, [5, 6, 5, 7]), [new(30), new(10), new(20), new(20)]);
        var file = await TombstoneFiles.WriteAsync(batch, "tombstones/1", store);
        Assert.Equal((new Timestamp(10), new Timestamp(30), 4), (file.MinTimestamp, file.MaxTimestamp, file.Count));
        Assert.Equal(file.Bytes, store.Get(file.ObjectKey).Length);

        var read = await TombstoneFiles.ReadAsync(file, store);
        Assert.Equal([10UL, 20UL, 20UL, 30UL], read.Times.Select(t => t.Value));
        StampedRows.AssertSame(StampedRows.Keys(keyType, [6, 5, 7, 5]).Column, read.Keys.Column, "key");
    }

    [Fact]
    public async Task Any_flipped_or_missing_byte_is_found_and_the_object_named()
    {
        var store = new InMemoryObjectStore();
        var batch = new TombstoneBatch(StampedRows.Keys(DataType.VarChar, [1, 2, 3]), [new(1), new(2), new(3)]);
        var file = await TombstoneFiles.WriteAsync(batch, "tombstones/1", store);
        var whole = store.Get(file.ObjectKey);
        for (var i = 0; i < whole.Length; i++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[i] ^= 0x10;
            await AssertDamagedAsync(damaged);
            await AssertDamagedAsync(whole[..i]);
        }
        store.Set(file.ObjectKey, whole);
        await Assert.ThrowsAsync<IntegrityException>(() => TombstoneFiles.ReadAsync(file with { Count = 2 }, store));

        async Task AssertDamagedAsync(byte[] content)
        {
            store.Set(file.ObjectKey, content);
            var e = await Assert.ThrowsAsync<IntegrityException>(() => TombstoneFiles.ReadAsync(file, store));
            Assert.Contains(file.ObjectKey, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_format_is_frozen()
    {
        var store = new InMemoryObjectStore();
        var file = await TombstoneFiles.WriteAsync(new TombstoneBatch(PrimaryKeys.Of(42L), [new(7)]), "t", store);
        Assert.Equal(
            "544F4D54" + "01000000" + "01000000" + "0700000000000000" + "05000000" + "01000000" + "00000000" + "2A00000000000000",
            Convert.ToHexString(store.Get(file.ObjectKey))[..^8]);
    }
}
