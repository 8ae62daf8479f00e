using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.TestKit.Columns;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Segments;

public sealed class ColumnFileDamageTests
{
    private readonly InMemoryObjectStore _store = new();

    public static TheoryData<DataType, DataType, int> Shapes() => new()
    {
        { DataType.Int64, DataType.None, 0 },
        { DataType.VarChar, DataType.None, 0 },
        { DataType.Array, DataType.VarChar, 0 },
        { DataType.FloatVector, DataType.None, 3 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_flip_of_any_byte_is_found_and_named(DataType type, DataType elementType, int dimension)
    {
        var whole = await WriteAsync(type, elementType, dimension, rows: 80);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            _store.Set("segments/1/2/3/7.col", damaged);

            var e = await Assert.ThrowsAsync<IntegrityException>(ReadEverythingAsync);
            Assert.Contains("segments/1/2/3/7.col", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Any_truncation_is_found(DataType type, DataType elementType, int dimension)
    {
        var whole = await WriteAsync(type, elementType, dimension, rows: 80);
        for (var length = 0; length < whole.Length; length++)
        {
            _store.Set("segments/1/2/3/7.col", whole[..length]);
            await Assert.ThrowsAsync<IntegrityException>(ReadEverythingAsync);
        }
    }

    [Fact]
    public async Task Added_removed_and_exchanged_bytes_are_found()
    {
        var whole = await WriteAsync(DataType.Int64, DataType.None, 0, rows: 150);
        byte[][] damages =
        [
            [.. whole, 0],
            [0, .. whole],
            [.. whole[..100], .. whole[101..]],
            [.. whole[..100], 0, .. whole[100..]],
            [.. whole[..64], .. whole[576..1088], .. whole[64..576], .. whole[1088..]],
            new byte[whole.Length],
        ];
        foreach (var damaged in damages)
        {
            _store.Set("segments/1/2/3/7.col", damaged);
            await Assert.ThrowsAsync<IntegrityException>(ReadEverythingAsync);
        }
    }

    [Fact]
    public async Task Damage_to_one_block_leaves_the_others_readable_and_is_named()
    {
        var whole = await WriteAsync(DataType.Int64, DataType.None, 0, rows: 300);
        whole[ColumnFileFormat.HeaderBytes + (64 * 8 * 2) + 17] ^= 1;
        _store.Set("segments/1/2/3/7.col", whole);
        var reader = await ColumnFileReader.OpenAsync(_store, "segments/1/2/3/7.col");

        var e = await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadBlockAsync(2));
        Assert.Contains("block 2", e.Message, StringComparison.Ordinal);
        Assert.Equal(64, (await reader.ReadBlockAsync(1)).Count);
        Assert.Equal(64, (await reader.ReadBlockAsync(3)).Count);
        await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadAllValuesAsync(_ => new byte[64 * 8]));
        await Assert.ThrowsAsync<IntegrityException>(() => reader.VerifyAsync());
    }

    [Fact]
    public async Task Wrong_null_flags_are_found()
    {
        var column = RandomColumns.Create(new Random(3), DataType.Int8, DataType.None, 0, 100, nullShare: 0.5);
        await ColumnFiles.WriteAsync(_store, "n.col", new ColumnFileFormat(7, DataType.Int8), [column]);
        var damaged = _store.Get("n.col");
        damaged[ColumnFileFormat.HeaderBytes + 100] ^= 1;
        _store.Set("n.col", damaged);
        var reader = await ColumnFileReader.OpenAsync(_store, "n.col");

        Assert.Contains("null flags", (await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadBlockAsync(0))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadValidityAsync());
    }

    [Fact]
    public async Task A_missing_object_is_told_from_a_damaged_one()
    {
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => ColumnFileReader.OpenAsync(_store, "never.col"));
        await WriteAsync(DataType.Int64, DataType.None, 0, rows: 10);
        var faulty = new FaultyObjectStore(_store);
        var reader = await ColumnFileReader.OpenAsync(faulty, "segments/1/2/3/7.col");
        faulty.Lose("segments/1/2/3/7.col");

        await Assert.ThrowsAsync<ObjectNotFoundException>(() => reader.ReadBlockAsync(0));
    }

    [Fact]
    public async Task A_file_that_shrinks_after_opening_is_found()
    {
        await WriteAsync(DataType.Int64, DataType.None, 0, rows: 100);
        var faulty = new FaultyObjectStore(_store);
        var reader = await ColumnFileReader.OpenAsync(faulty, "segments/1/2/3/7.col");
        faulty.CutReads("segments/1/2/3/7.col", 100);

        Assert.Contains("truncated", (await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadBlockAsync(0))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_local_file_s_path_is_named()
    {
        using var directory = new TemporaryDirectory();
        var local = new LocalObjectStore(directory.Path);
        var key = SegmentKeys.Column(1, 2, 3, 100);
        await ColumnFiles.WriteAsync(local, key, new ColumnFileFormat(100, DataType.Int64), [new FixedColumn<long>(DataType.Int64, new long[100])]);
        var path = local.TryGetLocalPath(key)!;
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[200] ^= 4;
        await File.WriteAllBytesAsync(path, bytes);
        var reader = await ColumnFileReader.OpenAsync(local, key);

        Assert.Equal(path, (await Assert.ThrowsAsync<IntegrityException>(() => reader.ReadBlockAsync(0))).DamagedSource);
        Assert.EndsWith("3" + Path.DirectorySeparatorChar + "100.col", path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_stores_nothing()
    {
        var faulty = new FaultyObjectStore(_store) { FreeBytes = 500 };
        await Assert.ThrowsAsync<IOException>(
            () => ColumnFiles.WriteAsync(faulty, "x.col", new ColumnFileFormat(1, DataType.Int64), [new FixedColumn<long>(DataType.Int64, new long[100])]));

        Assert.Null(await _store.GetLengthAsync("x.col"));
    }

    private async Task<byte[]> WriteAsync(DataType type, DataType elementType, int dimension, int rows)
    {
        var column = RandomColumns.Create(new Random(9), type, elementType, dimension, rows, nullShare: type == DataType.Int64 ? 0 : 0.2);
        await _store.PutAsync("segments/1/2/3/7.col", async (stream, token) =>
        {
            using var writer = new ColumnFileWriter(stream, new ColumnFileFormat(7, type, elementType, dimension), blockRows: 64);
            await writer.AppendAsync(column, token);
            await writer.CompleteAsync(token);
        });
        return _store.Get("segments/1/2/3/7.col");
    }

    private async Task ReadEverythingAsync() =>
        await (await ColumnFileReader.OpenAsync(_store, "segments/1/2/3/7.col")).VerifyAsync();
}
