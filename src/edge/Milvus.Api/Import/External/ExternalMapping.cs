using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Import.External;

/// <summary>How columns of external files become fields: the collection as the files name its fields, and the way back.</summary>
internal sealed class ExternalMapping
{
    private readonly CollectionInfo _read;
    private readonly Dictionary<string, string> _names;

    public ExternalMapping(CollectionInfo collection)
    {
        var schema = collection.Schema;
        ImmutableArray<FieldSchema> fields = [.. schema.Fields.Where(f => f.ExternalField.Length > 0).Select(f => f with { Name = f.ExternalField })];
        _read = collection with { Schema = new CollectionSchema(fields) };
        _names = schema.Fields.Where(f => f.ExternalField.Length > 0).ToDictionary(f => f.ExternalField, f => f.Name, StringComparer.Ordinal);
        Signature = Sign(schema);
    }

    /// <summary>The columns as fields of their own names.</summary>
    public CollectionSchema Columns => _read.Schema;

    /// <summary>Everything that the rows of a file depend on besides the file.</summary>
    public string Signature { get; }

    /// <exception cref="MilvusException">2100: a value of another type.</exception>
    public ImmutableArray<NamedColumn> Read(IReadOnlyList<JsonElement> rows) => [.. ImportRows.Read(rows, _read).Select(c => c with { Name = _names[c.Name] })];

    private static string Sign(CollectionSchema schema)
    {
        var text = new StringBuilder("1\n");
        foreach (var field in schema.Fields)
        {
            text.Append(CultureInfo.InvariantCulture, $"{field.Id}\t{(int)field.Type}\t{(int)field.ElementType}\t{field.ExternalField}");
            // What says where data are kept says nothing about them.
            foreach (var (key, value) in field.TypeParams)
                if (key is "dim" or "max_length" or "max_capacity" or "analyzer_params" or "multi_analyzer_params") text.Append(CultureInfo.InvariantCulture, $"\t{key}={value}");
            text.Append('\n');
        }
        foreach (var function in schema.Functions)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(int)function.Type}\t{string.Join(',', function.InputFields)}\t{string.Join(',', function.OutputFields)}");
            foreach (var (key, value) in function.Params) text.Append(CultureInfo.InvariantCulture, $"\t{key}={value}");
            text.Append('\n');
        }
        return text.ToString();
    }
}
