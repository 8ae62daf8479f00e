using System.Text;
using Milvus.Storage.Numpy;
using Milvus.Storage.Objects;
using Milvus.Storage.Parquet;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests;

/// <summary>Files for an import whose headers say what cannot be.</summary>
public sealed class DamagedImportTests
{
    private readonly InMemoryObjectStore _store = new();

    [Theory]
    [InlineData("<f8", "9223372036854775807")]
    [InlineData("<f8", "2305843009213693953")]
    [InlineData("<f4", "1073741824")]
    [InlineData("<U1000", "2147483647")]
    public async Task A_NumPy_row_that_is_too_long_is_refused(string type, string width)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': (2, {width}), }}\n";
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)];
        await _store.PutAsync("f.npy", file);
        await Assert.ThrowsAsync<InvalidDataException>(() => NpyColumn.OpenAsync(_store, "f.npy"));
    }

    [Fact]
    public async Task A_Parquet_page_header_without_an_end_is_not_looked_for_to_the_end_of_the_chunk()
    {
        const int Length = 64 << 20;
        var chunk = new byte[Length];
        // A binary value of a gigabyte where statistics may be.
        byte[] start = [0x98, 0xFF, 0xFF, 0xFF, 0xFF, 0x03];
        start.CopyTo(chunk, 0);
        var leaf = new ParquetNode { Name = "c", Repetition = ParquetRepetition.Required, Type = ParquetType.Int64 };
        var counted = new CountingStore(chunk);
        await using var reader = await ParquetLeafReader.OpenAsync(counted, "c.parquet", leaf, new ParquetChunk(ParquetCodec.Uncompressed, 0, Length, 10), CancellationToken.None);
        await Assert.ThrowsAsync<InvalidDataException>(() => reader.PrepareRowAsync(CancellationToken.None).AsTask());
        Assert.InRange(counted.Read, 1, 32 << 20);
    }

    private sealed class CountingStore(byte[] content) : IObjectStore
    {
        private readonly MemoryStream _stream = new(content);

        public long Read => _stream.Position;

        public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) => Task.FromResult<Stream>(_stream);

        public Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task PutAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task DeleteAsync(string key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public string? TryGetLocalPath(string key) => null;
    }
}
