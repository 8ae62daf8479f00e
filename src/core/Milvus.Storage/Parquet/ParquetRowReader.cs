using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Parquet;

/// <summary>
/// Reads the rows of a Parquet file as JSON objects, page by page: only the pages of the rows at hand are in memory. Understands nested and
/// optional columns, all encodings, pages of both versions, and snappy, gzip, brotli, zstd and raw lz4. See parquet.apache.org/docs/file-format.
/// </summary>
public sealed class ParquetRowReader
{
    private readonly IObjectStore _store;
    private readonly string _key;
    private readonly ParquetMetadata _file;

    private ParquetRowReader(IObjectStore store, string key, ParquetMetadata file)
    {
        _store = store;
        _key = key;
        _file = file;
    }

    public long RowCount => _file.Rows;

    /// <summary>The names of the top-level columns.</summary>
    public IEnumerable<string> Columns => _file.Root.Children.Select(c => c.Name);

    /// <summary>Why the column with a field's name cannot give the field's values; null when it can, as far as types tell.</summary>
    public string? Mismatch(FieldSchema field)
    {
        var column = Array.Find(_file.Root.Children, c => c.Name == field.Name);
        if (column is null) return $"column '{field.Name}' is not found in {_key}";
        return ParquetFieldTypes.Fits(column, field) ? null : $"column '{field.Name}' of {_key} has a type that is no {field.Type}";
    }

    /// <exception cref="InvalidDataException">Not a Parquet file that this reader understands.</exception>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    public static async Task<ParquetRowReader> OpenAsync(IObjectStore store, string key, CancellationToken cancellation = default)
    {
        var length = await store.GetLengthAsync(key, cancellation).ConfigureAwait(false) ?? throw new ObjectNotFoundException(key);
        return new ParquetRowReader(store, key, await ParquetMetadataReader.ReadAsync(store, key, length, cancellation).ConfigureAwait(false));
    }

    /// <summary>
    /// The rows in order; each is valid until the next is asked for. Vectors that the file gives as bytes are base64, 64-bit times of a
    /// field of type timestamptz are RFC 3339.
    /// </summary>
    /// <param name="schema">Says what the bytes of columns with a field's name mean.</param>
    /// <param name="isWanted">Tells by name which columns to read.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or holds what this reader does not understand.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CollectionSchema schema, Func<string, bool> isWanted, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var columns = _file.Root.Children.Where(c => isWanted(c.Name)).ToArray();
        var fields = columns.Select(c => schema.Find(c.Name)).ToArray();
        var buffer = new ArrayBufferWriter<byte>(4096);
        foreach (var group in _file.RowGroups)
        {
            var leaves = new ParquetLeafReader?[_file.Leaves.Length];
            try
            {
                var used = new List<ParquetLeafReader>();
                foreach (var leaf in columns.SelectMany(LeavesOf))
                {
                    var reader = await ParquetLeafReader.OpenAsync(_store, _key, leaf, group.Chunks[leaf.Leaf], cancellation).ConfigureAwait(false);
                    leaves[leaf.Leaf] = reader;
                    used.Add(reader);
                }
                var writer = new ParquetJsonWriter(leaves);
                for (long row = 0; row < group.Rows; row++)
                {
                    foreach (var leaf in used) await leaf.PrepareRowAsync(cancellation).ConfigureAwait(false);
                    buffer.Clear();
                    writer.WriteRow(buffer, columns, fields);
                    yield return buffer.WrittenMemory;
                }
            }
            finally
            {
                foreach (var leaf in leaves)
                    if (leaf is not null) await leaf.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static IEnumerable<ParquetNode> LeavesOf(ParquetNode node) => node.IsLeaf ? [node] : node.Children.SelectMany(LeavesOf);
}
