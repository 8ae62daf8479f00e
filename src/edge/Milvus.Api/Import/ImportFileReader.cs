using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Api.Import;

/// <summary>Reads a file of rows, each as a JSON object, without holding the file in memory.</summary>
internal static class ImportFileReader
{
    private const int MaxChunkRows = 4096;
    private const int MaxChunkBytes = 8 << 20;

    private static readonly JsonSerializerOptions s_json = new() { MaxDepth = 128, ReadCommentHandling = JsonCommentHandling.Disallow };

    /// <summary>The rows of a file in order, some thousand or some MiB of them at a time. A list is valid until the next one is asked for.</summary>
    /// <param name="keys">One file, or the files of one group of columns.</param>
    /// <exception cref="MilvusException">2100: the file is malformed.</exception>
    public static async IAsyncEnumerable<IReadOnlyList<JsonElement>> ReadAsync(
        IObjectStore files, ImmutableArray<string> keys, ImportFileKind kind, CollectionSchema schema, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chunk = new List<JsonElement>();
        var bytes = 0L;
        await foreach (var row in ReadRowsAsync(files, keys, kind, schema, options, cancellation))
        {
            chunk.Add(row);
            bytes += JsonMarshal.GetRawUtf8Value(row).Length;
            if (chunk.Count < MaxChunkRows && bytes < MaxChunkBytes) continue;
            yield return chunk;
            chunk.Clear();
            bytes = 0;
        }
        if (chunk.Count > 0) yield return chunk;
    }

    private static async IAsyncEnumerable<JsonElement> ReadRowsAsync(
        IObjectStore files, ImmutableArray<string> keys, ImportFileKind kind, CollectionSchema schema, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var rows = Rows(files, keys, kind, schema, options, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await rows.MoveNextAsync()) yield break;
            }
            catch (Exception e) when (e is InvalidDataException or JsonException)
            {
                throw ImportFailures.Of($"failed to read {string.Join(' ', keys)}, error: {e.Message}");
            }
            yield return rows.Current;
        }
    }

    private static IAsyncEnumerable<JsonElement> Rows(
        IObjectStore files, ImmutableArray<string> keys, ImportFileKind kind, CollectionSchema schema, ImportOptions options, CancellationToken cancellation) => kind switch
        {
            ImportFileKind.Parquet => ColumnFileRows.ReadParquetAsync(files, keys[0], schema, cancellation),
            ImportFileKind.Numpy => ColumnFileRows.ReadNumpyAsync(files, keys, schema, cancellation),
            _ => ReadTextAsync(files, keys[0], kind, schema, options, cancellation),
        };

    private static async IAsyncEnumerable<JsonElement> ReadTextAsync(
        IObjectStore files, string key, ImportFileKind kind, CollectionSchema schema, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var content = await files.OpenReadAsync(key, cancellationToken: cancellation);
        var rows = kind switch
        {
            ImportFileKind.Csv => CsvRows.ReadAsync(content, schema, options, cancellation),
            ImportFileKind.JsonLines => ReadValuesAsync(content, lines: true, cancellation),
            _ => ReadJsonAsync(content, cancellation),
        };
        await foreach (var row in rows) yield return row;
    }

    // A list of rows, or the older form {"rows": [...]}, which is read whole.
    private static async IAsyncEnumerable<JsonElement> ReadJsonAsync(Stream content, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (first, whole) = await PeekAsync(content, cancellation);
        if (first is not ('[' or '{')) throw ImportFailures.Of("invalid JSON format, the content should be started with '{' or '['");
        if (first == '[')
        {
            await foreach (var row in ReadValuesAsync(whole, lines: false, cancellation)) yield return row;
            yield break;
        }
        using var document = await ParseAsync(whole, cancellation);
        var member = document.RootElement.EnumerateObject().FirstOrDefault();
        if (!string.Equals(member.Name, "rows", StringComparison.OrdinalIgnoreCase))
            throw ImportFailures.Of($"invalid JSON format, the root key should be 'rows', but get '{member.Name}'");
        if (member.Value.ValueKind != JsonValueKind.Array) throw ImportFailures.Of("invalid JSON format, rows list should begin with '['");
        foreach (var row in member.Value.EnumerateArray()) yield return row.Clone();
    }

    private static async IAsyncEnumerable<JsonElement> ReadValuesAsync(Stream content, bool lines, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var rows = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(content, topLevelValues: lines, s_json, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await rows.MoveNextAsync()) yield break;
            }
            catch (JsonException e)
            {
                throw ImportFailures.Of($"failed to decode row, error: {e.Message}");
            }
            yield return rows.Current;
        }
    }

    private static async Task<JsonDocument> ParseAsync(Stream content, CancellationToken cancellation)
    {
        try
        {
            return await JsonDocument.ParseAsync(content, new JsonDocumentOptions { MaxDepth = 128 }, cancellation);
        }
        catch (JsonException e)
        {
            throw ImportFailures.Of($"failed to decode the JSON file, error: {e.Message}");
        }
    }

    /// <summary>The first character that is no white space, and the content from there.</summary>
    private static async Task<(char First, Stream Whole)> PeekAsync(Stream content, CancellationToken cancellation)
    {
        var head = new byte[4096];
        var length = await content.ReadAtLeastAsync(head, 1, throwOnEndOfStream: false, cancellation);
        var start = head.AsSpan(0, length).StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        while (start < length && head[start] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') start++;
        var rest = new PrefixedStream(head.AsMemory(start, length - start), content);
        return (start < length ? (char)head[start] : '\0', rest);
    }

    /// <summary>Bytes read already, followed by the rest of a stream.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> head, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _head = head;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_head.IsEmpty) return await rest.ReadAsync(buffer, cancellationToken);
            var count = Math.Min(buffer.Length, _head.Length);
            _head[..count].CopyTo(buffer);
            _head = _head[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
