using Milvus.Api.Tests.Rest;

namespace Milvus.Api.Tests.Types;

/// <summary>Every rule of the data model, broken by a request as a client sends it: code and text of the refusal.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class BadInputTests(RestServer server)
{
    private const string Key = """{"fieldName":"id","dataType":"Int64","isPrimary":true}""";
    private const string Vector = """{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}""";

    /// <summary>Fields of a schema that is refused, with what is said about it.</summary>
    public static TheoryData<string, int, string> Schemas => new()
    {
        { Vector, 1100, "primary key is not specified" },
        { Key, 1100, "schema does not contain vector field" },
        { $"{Key},{Vector},{Key.Replace("\"id\"", "\"id2\"")}", 1100, "there are more than one primary key" },
        { $"{Key.Replace("Int64", "Double")},{Vector}", 1100, "the data type of primary key should be Int64 or VarChar" },
        { $"{Key[..^1]},\"nullable\":true}},{Vector}", 1100, "primary field not support null" },
        { $"{Key[..^1]},\"defaultValue\":1}},{Vector}", 1100, "primary field not support default_value" },
        { $"{Key},{Vector},{Vector}", 1100, "duplicated field name v found" },
        { $"{Key},{Vector},{Field("a", "String")}", 1100, "string data type not supported yet, please use VarChar type instead" },
        { $"{Key},{Vector},{Field("a", "Varchar")}", 1100, "data type Varchar is invalid(case sensitive)" },
        { $"{Key},{Vector},{Field("a", "VarChar")}", 1100, "type param(max_length) should be specified for the field(a) of collection bad" },
        { $"{Key},{Vector},{Field("a", "VarChar", "\"elementTypeParams\":{\"max_length\":65536}")}", 1100, "should be in (0, 65535], but got 65536 instead" },
        { $"{Key},{Vector},{Field("a", "VarChar", "\"elementTypeParams\":{\"max_length\":\"long\"}")}", 1100, "the value for max_length of field a must be an integer" },
        { $"{Key},{Vector},{Field("a", "Array", "\"elementDataType\":\"Int64\"")}", 1100, "type param(max_capacity) should be specified for array field a" },
        { $"{Key},{Vector},{Field("a", "Array", "\"elementDataType\":\"Int64\",\"elementTypeParams\":{\"max_capacity\":4097}")}", 1100, "should be in (0, 4096], but got 4097 instead" },
        { $"{Key},{Vector},{Field("a", "Array", "\"elementDataType\":\"Array\",\"elementTypeParams\":{\"max_capacity\":4}")}", 1100, "element type Array is not supported" },
        { $"{Key},{Vector},{Field("a", "Array", "\"elementDataType\":\"JSON\",\"elementTypeParams\":{\"max_capacity\":4}")}", 1100, "element type JSON is not supported" },
        { $"{Key},{Vector},{Field("a", "ArrayOfVector", "\"elementDataType\":\"FloatVector\",\"elementTypeParams\":{\"dim\":4,\"max_capacity\":4}")}", 1100, "array of vector can only be in the struct array field" },
        { $"{Key},{Field("v", "FloatVector")}", 1100, "check type param `dim` for vector field" },
        { $"{Key},{Field("v", "FloatVector", "\"elementTypeParams\":{\"dim\":1}")}", 1100, "invalid dimension: 1. should be in range 2 ~ 32768" },
        { $"{Key},{Field("v", "BinaryVector", "\"elementTypeParams\":{\"dim\":12}")}", 1100, "binary vector dimension should be multiple of 8" },
        { $"{Key},{Field("v", "SparseFloatVector", "\"elementTypeParams\":{\"dim\":12}")}", 1100, "dim should not be specified for sparse vector field v" },
        { $"{Key},{Vector},{Field("like", "Int64")}", 1701, "like is keyword in milvus" },
        { $"{Key},{Vector},{Field("NULL", "Int64")}", 1701, "NULL is keyword" },
        { $"{Key},{Vector},{Field("1a", "Int64")}", 1701, "The first character of a field name must be an underscore or letter" },
        { $"{Key},{Vector},{Field("a b", "Int64")}", 1701, "Field name can only contain numbers, letters, and underscores" },
        { $"{Key},{Vector},{Field("$meta", "JSON")}", 1701, "$meta" },
        { $"{Key},{Vector},{Field("RowID", "Int64")}", 1701, "is reserved for internal use" },
        { $"{Key},{Vector},{Field("a", "Float", "\"isPartitionKey\":true")}", 1100, "the data type of partition key should be Int64 or VarChar" },
        { $"{Key},{Vector},{Field("a", "Int64", "\"isPartitionKey\":true,\"nullable\":true")}", 1100, "partition key field not support nullable" },
        { $"{Key[..^1]},\"isPartitionKey\":true}},{Vector}", 1100, "the partition key field must not be primary field" },
        { $"{Key},{Vector},{Field("a", "Int64", "\"isPartitionKey\":true")},{Field("b", "Int64", "\"isPartitionKey\":true")}", 1100, "there are more than one partition key" },
        { $"{Key},{Vector},{Field("a", "JSON", "\"isClusteringKey\":true")}", 105, "illegal collection schema" },
        { $"{Key},{Vector},{Field("a", "Int64", "\"isClusteringKey\":true")},{Field("b", "Int64", "\"isClusteringKey\":true")}", 105, "there are more than one clustering key" },
        { $"{Key},{Vector[..^1]},\"isClusteringKey\":true}}", 107, "vector clustering key not allowed" },
        { $"{Key},{Vector},{Field("a", "Int8", "\"defaultValue\":128")}", 1100, "128 out of range -128 <= value <= 127" },
        { $"{Key},{Vector},{Field("a", "Int8", "\"defaultValue\":\"x\"")}", 1100, "convert defaultValue fail" },
        { $"{Key},{Vector},{Field("a", "JSON", "\"defaultValue\":\"x\"")}", 1100, "convert defaultValue fail" },
        { $"{Key},{Vector},{Field("a", "Timestamptz", "\"defaultValue\":\"soon\"")}", 1100, "invalid timestamp string: 'soon'. Does not match any known format" },
        { $"{Key},{Vector},{Field("a", "Geometry", "\"defaultValue\":\"POINT (1)\"")}", 1100, "invalid default value of field (a)" },
        { $"{Key},{Vector},{Field("a", "VarChar", "\"defaultValue\":\"long\",\"elementTypeParams\":{\"max_length\":3}")}", 1100, "the length (4) of string exceeds max length (3)" },
        { $"{Key},{Vector},{Field("a", "VarChar", "\"elementTypeParams\":{\"max_length\":3,\"enable_match\":true}")}", 1100, "must also enable_analyzer" },
        { $"{Key},{Vector},{Field("a", "Int64", "\"elementTypeParams\":{\"mmap.enabled\":\"maybe\"}")}", 1100, "invalid mmap.enabled value" },
    };

    /// <summary>A member of a row, or instead of the good one, that is refused.</summary>
    public static TheoryData<string, int, string> Rows => new()
    {
        { "\"s\":\"ääää\"", 1100, "length of varchar field s exceeds max length, row number: 0, length: 8, max length: 7" },
        { "\"i8\":-129", 1804, "i8" },
        { "\"f\":1e39", 1100, "is not a number or infinity" },
        { "\"a\":[1,2,3]", 1100, "the length (3) of 0th array exceeds max capacity (2)" },
        { "\"a\":[\"x\"]", 1804, "a" },
        { "\"j\":\"{\"", 1100, "invalid JSON in field j" },
        { $"\"j\":\"\\\"{new string('x', 65536)}\\\"\"", 1100, "the length (65538) of json field (j) exceeds max length (65536)" },
        { "\"t\":\"noon\"", 1804, "got invalid timestamptz string 'noon'" },
        { "\"g\":\"POINT (1 2\"", 1804, "invalid Geometry data" },
        { "\"v\":[1]", 1804, "dim" },
        { "\"v\":null", 1804, "v" },
        { "\"a\":[1,null]", 1804, "a" },
        { "\"a\":[[1],[2]]", 1804, "a" },
        { "\"a\":[1.5]", 1804, "a" },
        { "\"i8\":1.5", 1804, "i8" },
        { "\"i8\":\"many\"", 1804, "i8" },
        { "\"s\":7", 1804, "s" },
        { "\"f\":\"NaN\"", 1100, "value 'NaN' is not a number or infinity" },
        { "\"t\":\"2025-01-01T00:00:00+14:01\"", 1804, "got invalid timestamptz string" },
        { "\"t\":\"2025-01-01T00:00:00-12:30\"", 1804, "got invalid timestamptz string" },
        { "\"t\":\"2025-13-01\"", 1804, "got invalid timestamptz string" },
        { "\"g\":\"CIRCLE (1 2)\"", 1804, "invalid Geometry data" },
        { "\"g\":5", 1804, "g" },
        { "\"v\":[1,\"x\"]", 1804, "v" },
        { "\"v\":[1e39,1]", 1100, "is not a number or infinity" },
        { "\"id\":\"x\"", 1804, "id" },
        { "\"$meta\":1", 1804, "$meta" },
    };

    public static TheoryData<string, string, int, string> Requests => new()
    {
        { "collections/create", """{"collectionName":"1bad","dimension":2}""", 1100, "the first character of a collection name must be an underscore or letter" },
        { "collections/create", """{"collectionName":"bad-name","dimension":2}""", 1100, "collection name can only contain numbers, letters and underscores" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"shardsNum":17}}""", 1100, "maximum shards's number should be limited to 16" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"ttlSeconds":3155760001}}""", 1100, "collection TTL is out of range, expect [-1, 3155760000], got 3155760001" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"ttlField":"id"}}""", 1100, "ttl field must be timestamptz, field name = id" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"partitionKeyIsolation":true}}""", 1100, "no partition key field is set" },
        { "collections/create", """{"collectionName":"input_target","dimension":3}""", 1100, "create duplicate collection with different parameters, collection: input_target" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"mmap.enabled":"perhaps"}}""", 1100, "invalid mmap.enabled value" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"mmap.enabled":true}}""", 104, "can not alter mmap properties if collection loaded" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"query_mode":"small"}}""", 1100, "invalid query_mode value \"small\", valid values: [large_topk]" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"timezone":"Nowhere/Land"}}""", 1100, "unknown or invalid IANA Time Zone ID: Nowhere/Land" },
        { "collections/fields/add", """{"collectionName":"input_target","schema":{"fieldName":"n","dataType":"Int64"}}""", 1100, "added field must be nullable, please check it, field name = n" },
        { "collections/fields/add", """{"collectionName":"input_target","schema":{"fieldName":"s","dataType":"Int64","nullable":true}}""", 1100, "duplicated field name s: invalid parameter" },
        { "collections/fields/add", """{"collectionName":"input_target","schema":{"fieldName":"n","dataType":"Int64","nullable":true,"isPartitionKey":true}}""", 1100, "not support to add partition key field" },
        { "collections/fields/alter_properties", """{"collectionName":"input_target","fieldName":"i8","fieldParams":{"max_length":5}}""", 1100, "can not modify the maxlength for non-string types" },
        { "collections/fields/alter_properties", """{"collectionName":"input_target","fieldName":"none","fieldParams":{"max_length":5}}""", 1100, "field none does not exist in collection" },
        { "collections/add_function_field", """{"collectionName":"input_target","function":{"name":"f","type":"BM25","inputFieldNames":["s"],"outputFieldNames":["o"]},"outputField":{"fieldName":"o","dataType":"SparseFloatVector"}}""", 1100, "BM25 function input field must set enable_analyzer to true" },
        { "collections/drop_function_field", """{"collectionName":"input_target","functionName":"none"}""", 1100, "function not found: none" },
        { "collections/add_function", """{"collectionName":"input_target"}""", 1100, "use collections/add_function_field" },
        { "entities/insert", """{"collectionName":"input_target","data":[{"id":1,"v":[1,2],"unknown":1}]}""", 1804, "has pass more field without dynamic schema" },
        { "entities/insert", """{"collectionName":"input_target","data":[{"id":1}]}""", 1804, "v" },
        { "entities/insert", """{"collectionName":"input_target","partitionName":"none","data":[{"id":1,"v":[1,2]}]}""", 200, "partition not found[partition=none]" },
        { "entities/upsert", """{"collectionName":"input_target","data":[{"id":1,"v":[1,2]},{"id":1,"v":[1,2]}]}""", 1100, "duplicate primary keys are not allowed in the same batch" },
        { "entities/upsert", """{"collectionName":"input_target","data":[{"v":[1,2]}]}""", 1804, "id" },
        { "entities/upsert", """{"collectionName":"input_target","data":[{"id":1,"s":"x"}],"fieldOps":[{"fieldName":"s","op":"ARRAY_APPEND"}]}""", 1100, "op ARRAY_APPEND requires Array field, but field \"s\" is VarChar" },
        { "entities/delete", """{"collectionName":"input_target","filter":"id >= 0 or id < 0 or true"}""", 1100, "delete plan can't be empty or always true" },
        { "entities/query", """{"collectionName":"input_target","filter":"id > 0","partitionNames":["none"]}""", 1100, "partition name none not found" },
        { "entities/query", """{"collectionName":"input_target","filter":"id > 0","outputFields":["none"]}""", 1100, "field none not exist" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2,3]]}""", 1801, "dim" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"limit":16385}""", 1100, "should be in range [1, 16384]" },
        { "entities/query", """{"collectionName":"missing","filter":"id > 0"}""", 100, "collection not found" },
        { "partitions/drop", """{"collectionName":"input_target","partitionName":"_default"}""", 1100, "default partition cannot be deleted" },
        { "aliases/create", """{"collectionName":"input_target","aliasName":"input_target"}""", 1601, "alias and collection name conflict" },
        { "entities/insert", """{"collectionName":"input_target","data":[]}""", 1804, "" },
        { "entities/delete", """{"collectionName":"input_target","filter":""}""", 1802, "" },
        { "entities/delete", """{"collectionName":"input_target","filter":"id >"}""", 1100, "failed to create delete plan: cannot parse expression" },
        { "entities/delete", """{"collectionName":"input_target","partitionName":"none","filter":"id > 1"}""", 200, "partition not found[partition=none]" },
        { "entities/upsert", """{"collectionName":"input_target","partitionName":"none","data":[{"id":1,"v":[1,2]}]}""", 200, "partition not found[partition=none]" },
        { "entities/upsert", """{"collectionName":"input_target","data":[{"id":1,"v":[1,2],"a":[1,2,3]}],"fieldOps":[{"fieldName":"a","op":"ARRAY_APPEND"}]}""", 1100, "max" },
        { "entities/upsert", """{"collectionName":"input_target","data":[{"id":1,"a":[1]}],"fieldOps":[{"fieldName":"none","op":"ARRAY_APPEND"}]}""", 1100, "none" },
        { "entities/search", """{"collectionName":"input_target","data":[]}""", 1100, "" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"annsField":"none"}""", 1100, "none" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"annsField":"i8"}""", 1100, "i8" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"limit":10,"offset":16380}""", 1100, "should be in range [1, 16384]" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"partitionNames":["none"]}""", 1100, "partition name none not found" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"groupingField":"i8","groupSize":11}""", 1100, "exceeds configured max group size:10" },
        { "entities/search", """{"collectionName":"input_target","data":[[1,2]],"searchParams":{"metricType":"IP"}}""", 1100, "metric type not match" },
        { "entities/query", """{"collectionName":"input_target","filter":"id > 0","limit":16385}""", 1100, "should be in range [1, 16384]" },
        { "entities/query", """{"collectionName":"input_target","filter":"unknown > 0"}""", 1100, "field unknown not exist" },
        { "entities/query", """{"collectionName":"input_target","filter":"id > 0","timeFields":["fortnight"]}""", 1100, "" },
        { "entities/query", """{"collectionName":"input_target","filter":"id > 0","consistencyLevel":"Mostly"}""", 1100, "" },
        { "collections/create", """{"collectionName":"bad","dimension":1}""", 1100, "should be in range 2 ~ 32768" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"metricType":"HAMMING"}""", 1100, "HAMMING" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"idType":"Float"}""", 1100, "" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"ttlSeconds":-2}}""", 1100, "collection TTL is out of range, expect [-1, 3155760000], got -2" },
        { "collections/create", """{"collectionName":"bad","dimension":2,"params":{"consistencyLevel":"Mostly"}}""", 1100, "" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"dynamicfield.enabled":"perhaps"}}""", 1100, "invalid dynamicfield.enabled value" },
        { "collections/alter_properties", """{"collectionName":"input_target","properties":{"collection.ttl.seconds":"3155760001"}}""", 1100, "collection TTL is out of range" },
        { "collections/alter_properties", """{"collectionName":"missing","properties":{"a":"b"}}""", 100, "collection not found" },
        { "collections/rename", """{"collectionName":"missing","newCollectionName":"other"}""", 100, "collection not found" },
        { "collections/rename", """{"collectionName":"input_target","newCollectionName":"1bad"}""", 1100, "the first character of a collection name must be an underscore or letter" },
        { "collections/load", """{"collectionName":"missing"}""", 100, "collection not found" },
        { "collections/describe", """{"collectionName":"missing"}""", 100, "can't find collection" },
        { "collections/fields/add", """{"collectionName":"input_target","schema":{"fieldName":"n","dataType":"Int64","nullable":true,"isPrimary":true}}""", 1100, "pk field" },
        { "collections/fields/add", """{"collectionName":"input_target","schema":{"fieldName":"w","dataType":"FloatVector","elementTypeParams":{"dim":4}}}""", 1100, "added field must be nullable, please check it, field name = w" },
        { "collections/fields/alter_properties", """{"collectionName":"input_target","fieldName":"a","fieldParams":{"dim":5}}""", 1100, "dim does not allow update in collection field param" },
        { "partitions/create", """{"collectionName":"input_target","partitionName":"p p"}""", 1100, "Invalid partition name: p p" },
        { "partitions/load", """{"collectionName":"input_target","partitionNames":["none"]}""", 200, "partition not found[partition=none]" },
        { "indexes/create", """{"collectionName":"input_target","indexParams":[{"fieldName":"none","indexType":"INVERTED"}]}""", 1100, "cannot create index on non-exist field: none" },
        { "indexes/create", """{"collectionName":"input_target","indexParams":[{"fieldName":"i8","indexType":"HNSW"}]}""", 1100, "only supports vector data type" },
        { "indexes/describe", """{"collectionName":"input_target","indexName":"none"}""", 700, "index not found" },
        { "aliases/create", """{"collectionName":"missing","aliasName":"a_missing"}""", 100, "collection not found" },
        { "aliases/describe", """{"aliasName":"none_alias"}""", 1600, "alias not found[database=default][alias=none_alias]" },
        { "databases/describe", """{"dbName":"nowhere"}""", 800, "database not found[database=nowhere]" },
        { "users/create", """{"userName":"1u","password":"secret"}""", 1100, "the first character must be a letter" },
        { "users/create", """{"userName":"u","password":"12345"}""", 1100, "invalid password length" },
        { "users/create", """{"userName":"root","password":"secret"}""", 1100, "user already exists: root" },
        { "users/drop", """{"userName":"root"}""", 1100, "root user cannot be deleted" },
        { "roles/drop", """{"roleName":"admin"}""", 1100, "default role" },
        { "databases/create", """{"dbName":"1db"}""", 802, "invalid database name" },
        { "databases/drop", """{"dbName":"default"}""", 1100, "default" },
    };

    [Fact]
    public async Task What_the_state_of_a_collection_forbids_is_refused()
    {
        // A partition key routes by itself.
        await server.DataAsync("collections/create", $$"""{"collectionName":"keyed","schema":{"fields":[{{Key}},{{Vector}},{{Field("tenant", "Int64", "\"isPartitionKey\":true")}}]},"indexParams":[{"fieldName":"v"}]}""");
        await RefusedAsync(1100, "if partition key mode is used", "partitions/create", """{"collectionName":"keyed","partitionName":"p"}""");
        await RefusedAsync(1100, "if partition key mode is used", "partitions/drop", """{"collectionName":"keyed","partitionName":"_default_0"}""");
        await RefusedAsync(1100, "if partition key mode is used", "partitions/load", """{"collectionName":"keyed","partitionNames":["_default_0"]}""");
        await RefusedAsync(1100, "if partition key mode is used", "entities/insert", """{"collectionName":"keyed","partitionName":"_default_0","data":[{"id":1,"tenant":1,"v":[1,2]}]}""");

        // Loaded things stay whole.
        await server.DataAsync("collections/create", """{"collectionName":"held","dimension":2,"params":{"shardsNum":1}}""");
        await server.DataAsync("partitions/create", """{"collectionName":"held","partitionName":"p"}""");
        await server.DataAsync("partitions/load", """{"collectionName":"held","partitionNames":["p"]}""");
        await RefusedAsync(1100, "partition cannot be dropped, partition is loaded, please release it first", "partitions/drop", """{"collectionName":"held","partitionName":"p"}""");
        await RefusedAsync(1100, "vector index cannot be dropped on loaded collection", "indexes/drop", """{"collectionName":"held","indexName":"vector"}""");
        await RefusedAsync(104, "can't alter index on loaded collection", "indexes/alter_properties", """{"collectionName":"held","indexName":"vector","properties":{"mmap.enabled":true}}""");
        await server.DataAsync("collections/release", """{"collectionName":"held"}""");
        await RefusedAsync(101, "collection not loaded", "entities/query", """{"collectionName":"held","filter":"id > 0"}""");
        await RefusedAsync(101, "collection not loaded", "entities/search", """{"collectionName":"held","data":[[1,2]]}""");
        await server.DataAsync("indexes/drop", """{"collectionName":"held","indexName":"vector"}""");
        await RefusedAsync(700, "index not found[collection=held]", "collections/load", """{"collectionName":"held"}""");
        await server.DataAsync("indexes/create", """{"collectionName":"held","indexParams":[{"fieldName":"vector","indexType":"HNSW","metricType":"L2","params":{"M":8,"efConstruction":40}}]}""");
        await RefusedAsync(1100, "at most one distinct index is allowed per field", "indexes/create", """{"collectionName":"held","indexParams":[{"fieldName":"vector","indexName":"vector","indexType":"HNSW","metricType":"L2","params":{"M":9,"efConstruction":40}}]}""");
        await RefusedAsync(1100, "creating multiple indexes on same field is not supported", "indexes/create", """{"collectionName":"held","indexParams":[{"fieldName":"vector","indexName":"other","indexType":"FLAT","metricType":"L2"}]}""");
        await RefusedAsync(1100, "Out of range in json: param 'M' (1) should be in range", "indexes/create", """{"collectionName":"held","indexParams":[{"fieldName":"vector","indexType":"HNSW","metricType":"L2","params":{"M":1,"efConstruction":40}}]}""");

        // Names that lead elsewhere.
        await server.DataAsync("aliases/create", """{"collectionName":"held","aliasName":"held_alias"}""");
        await server.DataAsync("aliases/create", """{"collectionName":"held","aliasName":"held_alias"}""");
        await RefusedAsync(1602, "held_alias", "aliases/create", """{"collectionName":"keyed","aliasName":"held_alias"}""");
        await RefusedAsync(1600, "alias not found", "aliases/alter", """{"collectionName":"keyed","aliasName":"none_alias"}""");
        await RefusedAsync(1601, "alias and collection name conflict", "collections/create", """{"collectionName":"held_alias","dimension":2}""");
        await RefusedAsync(1100, "has associated aliases", "collections/drop", """{"collectionName":"held"}""");
        await RefusedAsync(1100, "cannot drop the collection via alias = held_alias", "collections/drop", """{"collectionName":"held_alias"}""");
        await RefusedAsync(1100, "duplicated new collection name", "collections/rename", """{"collectionName":"held","newCollectionName":"keyed"}""");
        await server.DataAsync("databases/create", """{"dbName":"lived_in"}""");
        await server.DataAsync("collections/create", """{"dbName":"lived_in","collectionName":"c","dimension":2}""");
        await RefusedAsync(1100, "database:lived_in not empty, must drop all collections before drop database", "databases/drop", """{"dbName":"lived_in"}""");
        await RefusedAsync(1100, "database already exist: lived_in", "databases/create", """{"dbName":"lived_in"}""");
        await RefusedAsync(800, "database not found[database=nowhere]", "collections/list", """{"dbName":"nowhere"}""");

        // Keys that the server gives.
        await server.DataAsync("collections/create", """{"collectionName":"numbered","dimension":2,"autoID":true}""");
        await RefusedAsync(1804, "no need to pass primary field id, autoID is enabled", "entities/insert", """{"collectionName":"numbered","data":[{"id":1,"vector":[1,2]}]}""");

        async Task RefusedAsync(int code, string text, string path, string body) =>
            Assert.Contains(text, await server.RefusedAsync(code, path, body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_can_be_closed_for_writing_reading_and_changes()
    {
        await server.DataAsync("databases/create", """{"dbName":"closed"}""");
        await server.DataAsync("collections/create", """{"dbName":"closed","collectionName":"c","dimension":2}""");
        const string Insert = """{"dbName":"closed","collectionName":"c","data":[{"id":1,"vector":[1,2]}]}""";
        const string Query = """{"dbName":"closed","collectionName":"c","limit":1}""";
        foreach (var (key, path, body) in new[]
        {
            ("writing", "entities/insert", Insert),
            ("reading", "entities/query", Query),
            ("collectionDDL", "collections/drop", """{"dbName":"closed","collectionName":"c"}"""),
            ("partitionDDL", "partitions/create", """{"dbName":"closed","collectionName":"c","partitionName":"p"}"""),
            ("index", "indexes/drop", """{"dbName":"closed","collectionName":"c","indexName":"none"}"""),
            ("ddl", "indexes/drop", """{"dbName":"closed","collectionName":"c","indexName":"none"}"""),
        })
        {
            await server.DataAsync("databases/alter_properties", $$"""{"dbName":"closed","properties":{"database.force.deny.{{key}}":true} }""");
            Assert.Equal("quota exceeded[reason=access has been disabled by the administrator]", await server.RefusedAsync(9, path, body));
            await server.DataAsync("databases/drop_properties", $$"""{"dbName":"closed","propertyKeys":["database.force.deny.{{key}}"]}""");
        }
        await server.DataAsync("entities/insert", Insert);
        await server.DataAsync("entities/query", Query);
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public async Task A_schema_that_breaks_a_rule_is_refused(string fields, int code, string text)
    {
        var message = await server.RefusedAsync(code, "collections/create", $$"""{"collectionName":"bad","schema":{"fields":[{{fields}}]} }""");
        Assert.Contains(text, message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_value_that_breaks_a_rule_is_refused(string member, int code, string text)
    {
        await TargetAsync();
        var vector = member.StartsWith("\"v\"", StringComparison.Ordinal) ? "" : ",\"v\":[1,2]";
        var message = await server.RefusedAsync(code, "entities/insert", $$"""{"collectionName":"input_target","data":[{"id":1,{{member}}{{vector}}}]}""");
        Assert.Contains(text, message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_that_breaks_a_rule_is_refused(string path, string body, int code, string text)
    {
        await TargetAsync();
        var message = await server.RefusedAsync(code, path, body);
        Assert.Contains(text, message, StringComparison.Ordinal);
    }

    private static string Field(string name, string type, string more = "") =>
        $"{{\"fieldName\":\"{name}\",\"dataType\":\"{type}\"{(more.Length > 0 ? "," : "")}{more}}}";

    // Creating the same again changes nothing.
    private async Task TargetAsync() => await server.DataAsync("collections/create", $$"""
        {"collectionName":"input_target","schema":{"fields":[{{Key}},{{Vector}},{{Field("i8", "Int8", "\"nullable\":true")}},{{Field("f", "Float", "\"nullable\":true")}},
          {{Field("s", "VarChar", "\"nullable\":true,\"elementTypeParams\":{\"max_length\":7}")}},{{Field("j", "JSON", "\"nullable\":true")}},
          {{Field("t", "Timestamptz", "\"nullable\":true")}},{{Field("g", "Geometry", "\"nullable\":true")}},
          {{Field("a", "Array", "\"nullable\":true,\"elementDataType\":\"Int64\",\"elementTypeParams\":{\"max_capacity\":2}")}}]},
         "indexParams":[{"fieldName":"v"}]}
        """);
}
