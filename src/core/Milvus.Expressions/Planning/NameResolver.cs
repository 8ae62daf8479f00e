using Milvus.Expressions.Columns;
using Milvus.Expressions.Json;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Finds what names stand for: a declared field, else a key of the dynamic field.</summary>
/// <param name="elementsOf">The struct whose elements are looked at: then <c>$[sub]</c> is all that there is.</param>
/// <param name="function">The function that looks at elements, for errors.</param>
internal sealed class NameResolver(CollectionSchema schema, StructFieldSchema? elementsOf = null, string function = "")
{
    private const string NullRefused =
        "NULL literal is not supported in expressions; use '<field> is null' or '<field> is not null' instead";

    public ColumnRef Resolve(SyntaxNode node) => node switch
    {
        StructAccessNode n => Resolve(n),
        _ when elementsOf is not null => throw new FilterError($"{function} predicates can only use $[sub] fields of {elementsOf.Name}"),
        NameNode n => Resolve(n.Name),
        JsonAccessNode n => Resolve(n),
        _ => throw new FilterError("a field name is expected"),
    };

    /// <summary>What a null test looks at: there the word null is a key of the dynamic field like any other, as in <c>null is null</c>.</summary>
    public ColumnRef NullTested(SyntaxNode node) =>
        node is NameNode { Name: { } name } && elementsOf is null && name.Equals("null", StringComparison.OrdinalIgnoreCase) && schema.EnableDynamicField && schema.Find(name) is null
            ? new ColumnRef(DynamicField(name), new JsonPath([name]))
            : Resolve(node);

    /// <summary>A field that must be declared; no dynamic key, no path.</summary>
    public FieldSchema Declared(SyntaxNode node)
    {
        var column = Resolve(node);
        return column.IsPlain ? column.Field : throw NotExisting(((NameNode)node).Name);
    }

    /// <summary>The struct that a plain name stands for, or null.</summary>
    public StructFieldSchema? Struct(SyntaxNode node) => node is NameNode name && elementsOf is null ? FindStruct(name.Name) : null;

    /// <summary>A field whose nulls and offsets are those of the struct's lists.</summary>
    public FieldSchema LengthField(StructFieldSchema owner)
    {
        FieldSchema? vectors = null;
        foreach (var field in schema.Fields)
        {
            if (!field.Name.StartsWith(owner.Name + "[", StringComparison.Ordinal)) continue;
            if (field.Type == DataType.Array) return field;
            vectors ??= field;
        }
        return vectors ?? throw NotExisting(owner.Name);
    }

    public FieldSchema? FieldOf(long id) => schema.Find(id);

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
        if (FindStruct(name) is not null) throw new FilterError($"struct field {name} can only be used in null tests, array_length, element_filter and match_*");
        return null;
    }

    private StructFieldSchema? FindStruct(string name)
    {
        foreach (var s in schema.StructFields)
            if (s.Name == name) return s;
        return null;
    }

    /// <summary>A sub-field: the list of its values in every element.</summary>
    private FieldSchema SubField(StructFieldSchema owner, string sub)
    {
        var name = $"{owner.Name}[{sub}]";
        return schema.Find(name) ?? throw NotExisting(name);
    }

    private ColumnRef Resolve(StructAccessNode node)
    {
        if (node.Kind == TokenKind.ElementReference)
        {
            if (elementsOf is null) throw Refuse(node);
            var list = SubField(elementsOf, node.Sub);
            return new ColumnRef(list with { Name = node.Text, Type = list.ElementType, ElementType = DataType.None, Nullable = false });
        }
        var isElement = node.Kind is not (TokenKind.ElementReference or TokenKind.StructColumn);
        if (isElement && elementsOf is null && FindStruct(node.Name) is var named && (named is null || schema.Find($"{named.Name}[{node.Sub}]") is null) && schema.Find(node.Name) is null)
            throw new FilterError($"struct field not found: {node.Name}[{node.Sub}], error: fieldName({node.Name}[{node.Sub}]) not found");
        if (elementsOf is not null || FindStruct(node.Name) is not { } owner) throw Refuse(node);
        var field = SubField(owner, node.Sub);
        if (node.Kind == TokenKind.StructColumn) return new ColumnRef(field);
        if (field.Type != DataType.Array) throw new FilterError($"filter on vector field ({field.Name}) is not supported");
        return int.TryParse(node.Position, out var index) ? new ColumnRef(field, ElementIndex: index) : throw new FilterError($"array index {node.Position} is out of range");
    }

    private FieldSchema DynamicField(string name) => schema.EnableDynamicField && schema.DynamicField is { } field ? field : throw NotExisting(name);

    private static FilterError NotExisting(string name) => new($"field {name} not exist");

    private FilterError Refuse(StructAccessNode node)
    {
        if (node.Kind == TokenKind.ElementReference)
            return new FilterError($"{node.Text} syntax can only be used inside ElementFilter or MATCH_*");
        if (elementsOf is not null) return new FilterError($"{function} predicates can only use $[sub] fields of {elementsOf.Name}");
        var field = FindField(node.Name);
        if (field is null) DynamicField(node.Name);
        return field is null or { Type: DataType.Json }
            ? new FilterError("json key must be enclosed in double quotes or single quotes")
            : field.Type == DataType.Array
                ? new FilterError("can only access array field with integer index")
                : new FilterError($"{Literals.TypeName(field.Type)} data type not supported accessed with []");
    }
}
