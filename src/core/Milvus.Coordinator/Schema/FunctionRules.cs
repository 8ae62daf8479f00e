using Milvus.Model;

namespace Milvus.Coordinator.Schema;

/// <summary>What the functions of a schema may be.</summary>
internal static class FunctionRules
{
    public static void Check(CollectionSchema schema)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var function in schema.Functions)
        {
            if (function.Name.Length == 0) throw MilvusException.InvalidParameter("function name should not be empty");
            if (!names.Add(function.Name)) throw MilvusException.InvalidParameter($"duplicate function name: {function.Name}");
            CheckFields(schema, function, outputs);
            CheckKind(schema, function);
        }
        foreach (var function in schema.Functions)
            foreach (var input in function.InputFields)
                if (outputs.Contains(input))
                    throw MilvusException.InvalidParameter($"function input field cannot be the output of a function: function {function.Name}, field {input}");
    }

    private static void CheckFields(CollectionSchema schema, FunctionSchema function, HashSet<string> outputs)
    {
        if (function.InputFields.IsEmpty) throw MilvusException.InvalidParameter($"function input field names cannot be empty, function: {function.Name}");
        if (function.OutputFields.IsEmpty) throw MilvusException.InvalidParameter($"function output field names cannot be empty, function: {function.Name}");
        foreach (var name in function.InputFields)
            if (schema.Find(name) is null) throw MilvusException.InvalidParameter($"function input field not found: {name}");
        foreach (var name in function.OutputFields)
        {
            var field = schema.Find(name) ?? throw MilvusException.InvalidParameter($"function output field not found: {name}");
            if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"function output field cannot be primary key: function {function.Name}, field {name}");
            if (field.IsPartitionKey || field.IsClusteringKey)
                throw MilvusException.InvalidParameter($"function output field cannot be partition key or clustering key: function {function.Name}, field {name}");
            if (field.Nullable) throw MilvusException.InvalidParameter($"function output field cannot be nullable: function {function.Name}, field {name}");
            if (!outputs.Add(name)) throw MilvusException.InvalidParameter($"duplicate function output field: function {function.Name}, field {name}");
        }
    }

    private static void CheckKind(CollectionSchema schema, FunctionSchema function)
    {
        switch (function.Type)
        {
            case FunctionType.BM25:
                CheckBM25(schema, function);
                return;
            case FunctionType.TextEmbedding or FunctionType.MinHash:
                throw MilvusException.InvalidParameter($"function type {function.Type} is not supported yet by this server, function: {function.Name}");
            default:
                throw MilvusException.InvalidParameter($"check function params with unknown function type: {function.Type}, function: {function.Name}");
        }
    }

    private static void CheckBM25(CollectionSchema schema, FunctionSchema function)
    {
        var input = schema.Find(function.InputFields[0])!;
        if (function.InputFields.Length != 1 || input.Type is not (DataType.VarChar or DataType.Text))
            throw MilvusException.InvalidParameter($"BM25 function input field must be a VARCHAR/TEXT field, got {function.InputFields.Length} field with type {input.Type}");
        if (!input.EnableAnalyzer)
            throw MilvusException.InvalidParameter($"field {input.Name} which has enable_match or is input of BM25 function must also enable_analyzer");
        var output = schema.Find(function.OutputFields[0])!;
        if (function.OutputFields.Length != 1 || output.Type != DataType.SparseFloatVector)
            throw MilvusException.InvalidParameter($"BM25 function output field must be a SparseFloatVector field, got {function.OutputFields.Length} field with type {output.Type}");
        if (!function.Params.IsEmpty) throw MilvusException.InvalidParameter("BM25 function accepts no params");
    }
}
