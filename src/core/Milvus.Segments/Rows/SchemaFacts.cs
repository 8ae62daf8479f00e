using Milvus.Model;

namespace Milvus.Segments;

internal static class SchemaFacts
{
    /// <summary>True when a column has the field's type and shape.</summary>
    public static bool Holds(this FieldSchema field, Column column) => column.Type == field.Type && column switch
    {
        VectorColumn vectors => vectors.Dimension == field.Dimension,
        ArrayColumn { Elements: VectorColumn vectors } => vectors.Type == field.ElementType && vectors.Dimension == field.Dimension,
        ArrayColumn arrays => arrays.ElementType == field.ElementType,
        _ => true,
    };

    /// <summary>True for the sparse field that a BM25 function fills.</summary>
    public static bool IsBm25Output(this CollectionSchema schema, FieldSchema field)
    {
        foreach (var function in schema.Functions)
            if (function.Type == FunctionType.BM25 && function.OutputFields.Contains(field.Name)) return true;
        return false;
    }
}
