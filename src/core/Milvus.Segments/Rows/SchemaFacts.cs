using Milvus.Model;

namespace Milvus.Segments;

internal static class SchemaFacts
{
    /// <summary>True for the sparse field that a BM25 function fills.</summary>
    public static bool IsBm25Output(this CollectionSchema schema, FieldSchema field)
    {
        foreach (var function in schema.Functions)
            if (function.Type == FunctionType.BM25 && function.OutputFields.Contains(field.Name)) return true;
        return false;
    }
}
