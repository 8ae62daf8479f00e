using System.Collections.Immutable;
using System.Text;
using Milvus.Expressions.Json;
using Milvus.Model;

namespace Milvus.Expressions.Columns;

/// <summary>What a name in an expression stands for: a column, a path into a JSON column or one position of an array column.</summary>
internal sealed record ColumnRef(FieldSchema Field, JsonPath? Path = null, int ElementIndex = -1)
{
    public long FieldId => Field.Id;

    /// <summary>The type of the value that is reached.</summary>
    public DataType Type => ElementIndex >= 0 ? Field.ElementType : Field.Type;

    /// <summary>Neither a path nor an element: the column's own statistics describe it.</summary>
    public bool IsPlain => ElementIndex < 0 && Path is null;

    public bool IsJson => Field.Type == DataType.Json;

    public bool IsWholeArray => Field.Type == DataType.Array && ElementIndex < 0;

    public override string ToString()
    {
        if (ElementIndex >= 0) return $"{Field.Name}[{ElementIndex}]";
        return Path is null ? Field.Name : Field.Name + Path;
    }
}
