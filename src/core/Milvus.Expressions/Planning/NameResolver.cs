using Milvus.Expressions.Columns;
using Milvus.Expressions.Json;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Finds what names stand for: a declared field, else a key of the dynamic field.</summary>
internal sealed class NameResolver(CollectionSchema schema)
{
    private const string NullRefused =
        "NULL literal is not supported in expressions; use '<field> is null' or '<field> is not null' instead";

    public ColumnRef Resolve(SyntaxNode node) => node switch
    {
        NameNode n => Resolve(n.Name),
        JsonAccessNode n => Resolve(n),
        StructAccessNode n => throw Refuse(n),
        _ => throw new FilterError("a field name is expected"),
    };

    /// <summary>A field that must be declared; no dynamic key, no path.</summary>
    public FieldSchema Declared(SyntaxNode node)
    {
        var column = Resolve(node);
        return column.IsPlain ? column.Field : throw NotExisting(((NameNode)node).Name);
    }

    private ColumnRef Resolve(string name)
    {
        if (FindField(name) is { } field) return new ColumnRef(field);
        return new ColumnRef(DynamicField(name), new JsonPath([name]));
    }

    private ColumnRef Resolve(JsonAccessNode node)
    {
        var keys = node.Path.Select(s => s.Key);
        var field = FindField(node.Name);
        if (field is null) return new ColumnRef(DynamicField(node.Name), new JsonPath(keys.Prepend(node.Name)));
        switch (field.Type)
        {
            case DataType.Json:
                return new ColumnRef(field, new JsonPath(keys));
            case DataType.Array:
                if (node.Path.Length != 1 || node.Path[0].IsQuoted) throw new FilterError("can only access array field with integer index");
                if (!int.TryParse(node.Path[0].Key, out var index)) throw new FilterError($"array index {node.Path[0].Key} is out of range");
                return new ColumnRef(field, ElementIndex: index);
            default:
                throw new FilterError($"{Literals.TypeName(field.Type)} data type not supported accessed with []");
        }
    }

    private FieldSchema? FindField(string name)
    {
        if (name == FieldIds.DynamicName) return schema.DynamicField ?? throw NotExisting(name);
        if (schema.Find(name) is { } field) return field;
        if (name.Equals("null", StringComparison.OrdinalIgnoreCase)) throw new FilterError(NullRefused);
        foreach (var s in schema.StructFields)
            if (s.Name == name) throw FilterError.NotSupportedYet($"filter on struct field {name}");
        return null;
    }

    private FieldSchema DynamicField(string name) => schema.EnableDynamicField && schema.DynamicField is { } field ? field : throw NotExisting(name);

    private static FilterError NotExisting(string name) => new($"field {name} not exist");

    private FilterError Refuse(StructAccessNode node)
    {
        if (node.Kind == TokenKind.ElementReference)
            return new FilterError($"{node.Text} syntax can only be used inside ElementFilter or MATCH_*");
        if (schema.StructFields.Any(s => s.Name == node.Name)) return FilterError.NotSupportedYet($"filter on struct field {node.Name}");
        var field = FindField(node.Name);
        if (field is null) DynamicField(node.Name);
        return field is null or { Type: DataType.Json }
            ? new FilterError("json key must be enclosed in double quotes or single quotes")
            : field.Type == DataType.Array
                ? new FilterError("can only access array field with integer index")
                : new FilterError($"{Literals.TypeName(field.Type)} data type not supported accessed with []");
    }
}
