using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Parquet;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests;

/// <summary>Parquet files read back as rows.</summary>
public sealed class ParquetTests : IDisposable
{
    private static readonly CollectionSchema s_schema = new([
        new FieldSchema { Id = 100, Name = "half", Type = DataType.Float16Vector, TypeParams = [new Property("dim", "2")] }, new FieldSchema { Id = 101, Name = "time", Type = DataType.Timestamptz },
    ]);
    private readonly TemporaryDirectory _directory = new();
    private readonly LocalObjectStore _store;

    public ParquetTests() => _store = new LocalObjectStore(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Rows_survive_every_layout()
    {
        var random = new Random(11);
        foreach (var codec in (int[])[0, 1, 2, 4, 7])
        {
            for (var round = 0; round < 24; round++)
            {
                var layout = new ParquetTestLayout(codec, Version2: round % 2 == 1, Dictionary: round / 2 % 2 == 1, PageEntries: random.Next(1, 200), GroupRows: random.Next(1, 300), Encodings: round % 3);
                var rows = random.Next(1, 400);
                var columns = new[]
                {
                    Column(random, "i", 2, rows, r => r.NextInt64(-5, 5)),
                    Column(random, "n", 1, rows, r => (long)r.Next(-3, 3)),
                    Column(random, "f", 4, rows, r => r.Next(9) / 4f),
                    Column(random, "d", 5, rows, r => r.Next(9) / 8d),
                    Column(random, "b", 0, rows, r => r.Next(2) == 1),
                    Column(random, "s", 6, rows, r => string.Concat(Enumerable.Repeat("né", r.Next(4))) + new string('x', r.Next(3) * r.Next(30))),
                    Column(random, "l", 2, rows, r => r.NextInt64(-9, 9), isList: true),
                    Column(random, "v", 4, rows, r => r.Next(9) / 4f, isList: true, optional: false),
                };
                await PutAsync(ParquetBytes.Write(layout, columns));
                var read = await ReadAsync();
                Assert.Equal(rows, read.Count);
                for (var row = 0; row < rows; row++)
                {
                    var expected = JsonSerializer.Serialize(columns.ToDictionary(c => c.Name, c => c.Rows[row]));
                    Assert.Equal(JsonSerializer.Serialize(JsonElement.Parse(expected)), JsonSerializer.Serialize(read[row]));
                }
            }
        }
    }

    [Fact]
    public async Task Bytes_of_vectors_are_base64_and_times_are_text()
    {
        await PutAsync(ParquetBytes.Write(
            new(), new("half", 1, [new[] { 1, 2, 255, 4 }, null], IsList: true), new("time", 2, [1_700_000_000_000_000L, null]), new("other", 1, [new[] { 1 }, Array.Empty<int>()], IsList: true)));
        var rows = await ReadAsync();
        Assert.Equal([1, 2, 255, 4], rows[0].GetProperty("half").GetBytesFromBase64());
        Assert.Equal(JsonValueKind.Null, rows[1].GetProperty("half").ValueKind);
        Assert.Equal("2023-11-14T22:13:20.000000Z", rows[0].GetProperty("time").GetString());
        Assert.Equal(("[1]", "[]"), (rows[0].GetProperty("other").GetRawText(), rows[1].GetProperty("other").GetRawText()));
    }

    [Fact]
    public async Task A_damaged_file_is_refused_or_read_but_never_crashes()
    {
        var whole = ParquetBytes.Write(new(Codec: 1, Dictionary: true, PageEntries: 7), new("i", 2, [.. Enumerable.Range(0, 50).Select(i => (object?)(long)(i % 9))]), new("l", 2, [.. Enumerable.Range(0, 50).Select(i => (object?)new long[i % 4])], IsList: true));
        var random = new Random(5);
        for (var round = 0; round < 400; round++)
        {
            var bytes = whole.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (round % 10 == 0) bytes = bytes[..random.Next(bytes.Length)];
            await PutAsync(bytes);
            try
            {
                await ReadAsync();
            }
            catch (InvalidDataException)
            {
                // That is what it is for.
            }
        }
    }

    [Fact]
    public void Snappy_copies_repeat_what_was_written()
    {
        // "ab", then six bytes from two back, by a copy of each form in turn.
        byte[] packed = [14, 4, (byte)'a', (byte)'b', 0b000_000_01, 2, 0b000011_10, 2, 0, 0b000011_11, 2, 0, 0, 0];
        Assert.Equal("ababababababab", Encoding.ASCII.GetString(ParquetCompression.Unpack(ParquetCodec.Snappy, packed, 14)));
        Assert.Throws<InvalidDataException>(() => ParquetCompression.Unpack(ParquetCodec.Snappy, packed.AsSpan(0, 9), 14));
    }

    [Fact]
    public void Differences_are_added_up()
    {
        // Block of 128 in four parts, five values 7, 5, 3, 1, 2: least difference -2, widths 2 bits in the first part.
        byte[] data = [0x80, 0x01, 4, 5, 14, 3, 2, 0, 0, 0, 0b11_00_00_00, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal([7L, 5, 3, 1, 2], DeltaNumbers.Read(data, 5, out var end));
        Assert.Equal(data.Length, end);
    }

    private static ParquetTestColumn Column(Random random, string name, int type, int rows, Func<Random, object> value, bool isList = false, bool optional = true)
    {
        var values = new object?[rows];
        for (var i = 0; i < rows; i++)
        {
            if (optional && random.Next(4) == 0) continue;
            values[i] = isList ? Enumerable.Range(0, random.Next(5)).Select(_ => value(random)).ToArray() : value(random);
        }
        return new(name, type, values, isList, optional);
    }

    private Task PutAsync(byte[] bytes) => _store.PutAsync("file.parquet", bytes);

    private async Task<List<JsonElement>> ReadAsync()
    {
        var reader = await ParquetRowReader.OpenAsync(_store, "file.parquet");
        var rows = new List<JsonElement>();
        await foreach (var row in reader.ReadAsync(s_schema, _ => true)) rows.Add(JsonElement.Parse(row.Span));
        return rows;
    }
}
