using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Milvus.Model;
using Milvus.Storage.Numpy;
using Milvus.Storage.Objects;
using Milvus.Storage.Parquet;

namespace Milvus.Api.Import;

/// <summary>Rows of files that keep columns: Parquet, and NumPy with a file per column.</summary>
internal static class ColumnFileRows
{
    /// <exception cref="InvalidDataException">The file is damaged, or holds what the reader does not understand.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadParquetAsync(
        IObjectStore files, string key, CollectionSchema schema, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = await ParquetRowReader.OpenAsync(files, key, cancellation);
        if (reader.Columns.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice) throw ImportFailures.Of($"duplicated column '{twice.Key}' in the Parquet file");
        CheckExternal(reader, schema);
        await foreach (var row in reader.ReadAsync(schema, IsWanted(schema), cancellation)) yield return JsonElement.Parse(row.Span);
    }

    /// <exception cref="InvalidDataException">As above.</exception>
    /// <exception cref="MilvusException">2100: two files of one name, or of different length.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadNumpyAsync(
        IObjectStore files, ImmutableArray<string> keys, CollectionSchema schema, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var columns = new List<(string Name, NpyColumn Column)>();
        try
        {
            foreach (var key in keys)
            {
                var name = Path.GetFileNameWithoutExtension(key);
                if (columns.Any(c => c.Name == name)) throw ImportFailures.Of($"duplicated file for the same field '{name}'");
                columns.Add((name, await NpyColumn.OpenAsync(files, key, cancellation)));
            }
            var rows = columns[0].Column.RowCount;
            foreach (var (name, column) in columns)
                if (column.RowCount != rows) throw ImportFailures.Of(string.Create(CultureInfo.InvariantCulture, $"field '{name}' row count {column.RowCount} is not equal to row count {rows} of field '{columns[0].Name}'"));
            var wanted = IsWanted(schema);
            columns.RemoveAll(c => !wanted(c.Name));
            var fields = columns.ConvertAll(c => schema.Find(c.Name));
            var buffer = new ArrayBufferWriter<byte>(4096);
            for (long row = 0; row < rows; row++)
            {
                foreach (var (_, column) in columns) await column.NextAsync(cancellation);
                buffer.Clear();
                Write(buffer, columns, fields);
                yield return JsonElement.Parse(buffer.WrittenSpan);
            }
        }
        finally
        {
            foreach (var (_, column) in columns) await column.DisposeAsync();
        }
    }

    // Columns that an external collection shows are there, and of its types.
    private static void CheckExternal(ParquetRowReader reader, CollectionSchema schema)
    {
        foreach (var field in schema.Fields)
            if (field.ExternalField.Length > 0 && reader.Mismatch(field) is { } problem) throw ImportFailures.Of(problem);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, List<(string Name, NpyColumn Column)> columns, List<FieldSchema?> fields)
    {
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        for (var i = 0; i < columns.Count; i++)
        {
            json.WritePropertyName(columns[i].Name);
            columns[i].Column.Write(json, fields[i]);
        }
        json.WriteEndObject();
    }

    // What no field has goes to the dynamic field, or is not even read.
    private static Func<string, bool> IsWanted(CollectionSchema schema) =>
        name => schema.EnableDynamicField || schema.Find(name) is not null || schema.FindStruct(name) is not null;
}
