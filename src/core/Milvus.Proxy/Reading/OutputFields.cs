using System.Collections.Immutable;
using System.Text;
using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>The output fields of a request, resolved against the schema.</summary>
internal sealed class OutputFields
{
    private OutputFields(ImmutableArray<FieldSchema> fields, FieldSchema? dynamic, ImmutableArray<string> dynamicKeys, ImmutableArray<string> names)
    {
        Fields = fields;
        Dynamic = dynamic;
        DynamicKeys = dynamicKeys;
        Names = names;
    }

    /// <summary>Stored static fields in the order of the answer.</summary>
    public ImmutableArray<FieldSchema> Fields { get; }

    /// <summary>The dynamic field when the answer has it.</summary>
    public FieldSchema? Dynamic { get; }

    /// <summary>Keys of the dynamic field that were asked for; empty for all of them.</summary>
    public ImmutableArray<string> DynamicKeys { get; }

    /// <summary>True when the answer has no columns.</summary>
    public bool IsEmpty => Fields.IsEmpty && Dynamic is null;

    /// <summary>What was asked for, in the client's terms.</summary>
    public ImmutableArray<string> Names { get; }

    /// <param name="always">True when the answer has the primary key whether asked for or not (query); otherwise it comes last when asked for.</param>
    /// <exception cref="MilvusException">1100: unknown, not retrievable or not loaded.</exception>
    public static OutputFields Resolve(CollectionInfo collection, ImmutableArray<string> requested, bool always)
    {
        var schema = collection.Schema;
        var key = schema.PrimaryKey;
        var fields = new List<FieldSchema>();
        var names = new List<string>();
        var keys = new List<string>();
        var wholeDynamic = false;
        foreach (var raw in requested)
        {
            var name = raw.Trim();
            if (name == "*")
            {
                foreach (var f in schema.Fields)
                    if (!f.IsDynamic && f.Name != FieldIds.NamespaceName && IsReadable(schema, f)) Add(f, schema.ParentOf(f)?.Name ?? f.Name);
                if (schema.DynamicField is null) continue;
                wholeDynamic = true;
                AddName(FieldIds.DynamicName);
            }
            else if (schema.FindStruct(name) is { } parent)
            {
                foreach (var f in schema.FieldsOf(parent)) Add(f, name);
            }
            else if (schema.Find(name) is { } field)
            {
                if (!IsReadable(schema, field)) throw MilvusException.InvalidParameter($"not allowed to retrieve raw data of field {field.Name}");
                if (field.IsDynamic)
                {
                    wholeDynamic = true;
                    AddName(name);
                }
                else Add(field, field.Name);
            }
            else
            {
                keys.Add(DynamicKey(collection, name));
                AddName(name);
            }
        }
        var asked = fields.Remove(key);
        if (always || asked) fields.Add(key);
        if (always) AddName(key.Name);
        var dynamic = wholeDynamic || keys.Count > 0 ? schema.DynamicField : null;
        return new OutputFields([.. fields], dynamic, wholeDynamic ? [] : [.. keys.Distinct(StringComparer.Ordinal)], [.. names]);

        void Add(FieldSchema field, string name)
        {
            if (!fields.Contains(field)) fields.Add(field);
            AddName(name);
        }

        void AddName(string name)
        {
            if (!names.Contains(name)) names.Add(name);
        }
    }

    // What BM25 makes of texts is of use to nobody but searches.
    private static bool IsReadable(CollectionSchema schema, FieldSchema field) => schema.FunctionOf(field)?.Type is not FunctionType.BM25;

    private static string DynamicKey(CollectionInfo collection, string name)
    {
        var schema = collection.Schema;
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        if (bracket > 0 && schema.Find(name[..bracket]) is { IsDynamic: false } column)
            throw column.Type is DataType.Json
                ? MilvusException.InvalidParameter("not support getting subkeys of json field yet")
                : MilvusException.InvalidParameter($"field {name} not exist");
        if (schema.DynamicField is not null && !IsPath(name)) throw MilvusException.InvalidParameter($"parse output field name failed: {name}");
        if (schema.DynamicField is null) throw MilvusException.InvalidParameter($"field {name} not exist");
        if (bracket < 0) return name;
        // $meta["key"] names one key explicitly; deeper paths are no output fields.
        if (name[..bracket] == FieldIds.DynamicName && QuotedKey(name.AsSpan(bracket)) is { } key) return key;
        throw MilvusException.InvalidParameter("not support getting subkeys of json field yet");
    }

    // What the filter language would read as a field, with or without keys in brackets.
    private static bool IsPath(string name)
    {
        if (name.Length == 0 || (!char.IsLetter(name[0]) && name[0] is not ('_' or '$'))) return false;
        foreach (var c in name.AsSpan(1))
        {
            if (c == '[') return true;
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '$')) return false;
        }
        return true;
    }

    /// <summary>The key of <c>["key"]</c> or <c>['key']</c>, null when the text is anything else.</summary>
    private static string? QuotedKey(ReadOnlySpan<char> text)
    {
        if (text.Length < 5 || text[0] != '[' || text[^1] != ']') return null;
        var quote = text[1];
        if (quote is not ('"' or '\'') || text[^2] != quote) return null;
        var key = new StringBuilder();
        var content = text[2..^2];
        for (var i = 0; i < content.Length; i++)
        {
            if (content[i] == quote) return null;
            if (content[i] == '\\' && ++i == content.Length) return null;
            key.Append(content[i]);
        }
        return key.ToString();
    }
}
