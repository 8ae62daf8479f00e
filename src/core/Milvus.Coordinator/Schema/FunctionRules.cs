using Milvus.Coordinator.Names;
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
            case FunctionType.TextEmbedding:
                CheckTextEmbedding(schema, function);
                return;
            case FunctionType.MinHash:
                CheckMinHash(schema, function);
                return;
            default:
                throw MilvusException.InvalidParameter($"check function params with unknown function type: {function.Type}, function: {function.Name}");
        }
    }

    private static void CheckBM25(CollectionSchema schema, FunctionSchema function)
    {
        var input = schema.Find(function.InputFields[0])!;
        if (function.InputFields.Length != 1 || input.Type is not (DataType.VarChar or DataType.Text))
            throw MilvusException.InvalidParameter($"BM25 function input field must be a VARCHAR/TEXT field, got {function.InputFields.Length} field with type {input.Type}");
        if (!input.EnableAnalyzer) throw MilvusException.InvalidParameter("BM25 function input field must set enable_analyzer to true");
        var output = schema.Find(function.OutputFields[0])!;
        if (function.OutputFields.Length != 1) throw MilvusException.InvalidParameter($"BM25 function only need 1 output field, but got {function.OutputFields.Length}");
        if (output.Type != DataType.SparseFloatVector) throw MilvusException.InvalidParameter($"BM25 function output field must be a SparseFloatVector field, but got {output.Type}");
        if (!function.Params.IsEmpty) throw MilvusException.InvalidParameter("BM25 function accepts no params");
    }

    // Which providers there are is known where they are asked.
    private static void CheckTextEmbedding(CollectionSchema schema, FunctionSchema function)
    {
        CheckText(schema, function);
        var output = schema.Find(function.OutputFields[0])!;
        if (function.OutputFields.Length != 1 || output.Type is not (DataType.FloatVector or DataType.Int8Vector))
            throw MilvusException.InvalidParameter($"TextEmbedding function output field must be a FloatVector or Int8Vector field, got {function.OutputFields.Length} field with type {output.Type}");
        // Those of external collections are nullable whatever the client says; a null is found when a row is read.
        if (schema.Find(function.InputFields[0]) is { Nullable: true, ExternalField.Length: 0 })
            throw MilvusException.InvalidParameter($"function input field cannot be nullable: function {function.Name}, field {function.InputFields[0]}");
        if (function.Params.IsEmpty) throw MilvusException.InvalidParameter($"the text embedding service provider parameter is not set, function: {function.Name}");
    }

    private static void CheckMinHash(CollectionSchema schema, FunctionSchema function)
    {
        CheckText(schema, function);
        var output = schema.Find(function.OutputFields[0])!;
        if (function.OutputFields.Length != 1) throw MilvusException.InvalidParameter($"MinHash function only need 1 output field, but got {function.OutputFields.Length}");
        if (output.Type != DataType.BinaryVector) throw MilvusException.InvalidParameter($"MinHash function output field must be a BinaryVector field, but got {output.Type}");
        if (int.TryParse(function.Params.Get("num_hashes"), out var count) && count > 0 && output.Dimension != (long)count * 32)
        {
            throw MilvusException.InvalidParameter(
                $"minhash function output field '{output.Name}' dim {output.Dimension} does not match expected dim {(long)count * 32} (numHashes {count} * one minhash signature size of 32bit)");
        }
        if (output.Dimension % 32 != 0) throw MilvusException.InvalidParameter($"MinHash function output field dim {output.Dimension} must be a multiple of 32");
        foreach (var (key, value) in function.Params)
        {
            var isGood = key switch
            {
                "num_hashes" => int.TryParse(value, out var hashes) && hashes > 0,
                "shingle_size" => int.TryParse(value, out var size) && size >= 1,
                "seed" => long.TryParse(value, out _),
                "hash_function" => value.ToLowerInvariant() is "xxhash64" or "xxhash" or "sha1" ? true : throw MilvusException.InvalidParameter($"unknown hash function: {value} (expected 'xxhash64' or 'sha1')"),
                "token_level" => value.ToLowerInvariant() is "word" or "char" or "character" ? true : throw MilvusException.InvalidParameter($"unknown token_level: {value} (expected 'char' or 'word')"),
                _ => throw MilvusException.InvalidParameter($"MinHash function has no param {key}"),
            };
            if (!isGood) throw MilvusException.InvalidParameter($"invalid MinHash function param {key}: {value}");
        }
    }

    private static void CheckText(CollectionSchema schema, FunctionSchema function)
    {
        var input = schema.Find(function.InputFields[0])!;
        if (function.InputFields.Length != 1 || !input.Type.IsText())
            throw MilvusException.InvalidParameter($"{function.Type} function input field must be a VARCHAR/TEXT field, got {function.InputFields.Length} field with type {input.Type}");
    }
}
