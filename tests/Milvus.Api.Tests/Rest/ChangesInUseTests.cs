using System.Diagnostics;
using Milvus.Api.Tests.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Common;

namespace Milvus.Api.Tests.Rest;

/// <summary>What changes while a server is in use: functions of a collection, the past, users and roles taken along.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class ChangesInUseTests(RestServer server)
{
    [Fact]
    public async Task A_function_comes_and_goes_with_its_output_field()
    {
        await server.SendAsync("collections/drop", new { collectionName = "cu_function" });
        await server.DataAsync("collections/create", """
            {"collectionName":"cu_function","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}},
            {"fieldName":"t","dataType":"VarChar","elementTypeParams":{"max_length":64,"enable_analyzer":true}}]},"indexParams":[{"fieldName":"v"}]}
            """);
        await server.DataAsync("entities/insert", """{"collectionName":"cu_function","data":[{"id":8,"v":[1,2],"t":"grey whale"},{"id":9,"v":[1,2],"t":"grey seal"}]}""");
        await server.DataAsync("collections/add_function_field", """
            {"collectionName":"cu_function","function":{"name":"f","type":"BM25","inputFieldNames":["t"],"outputFieldNames":["s"],"params":{}},
            "outputField":{"fieldName":"s","dataType":"SparseFloatVector"},"indexParams":{"fieldName":"s","indexType":"SPARSE_INVERTED_INDEX","metricType":"BM25"}}
            """);
        await server.DataAsync("entities/insert", """{"collectionName":"cu_function","data":[{"id":1,"v":[1,2],"t":"red fox"},{"id":2,"v":[1,2],"t":"blue whale"}]}""");
        var hits = await server.DataAsync("entities/search", """{"collectionName":"cu_function","data":["whale"],"annsField":"s","limit":5,"consistencyLevel":"Strong"}""");
        // The rows written before come as soon as their outputs are computed.
        for (var looked = Stopwatch.StartNew(); hits.GetArrayLength() < 2 && looked.Elapsed < TimeSpan.FromSeconds(60);)
        {
            hits = await server.DataAsync("entities/search", """{"collectionName":"cu_function","data":["whale"],"annsField":"s","limit":5,"consistencyLevel":"Strong"}""");
        }
        Assert.Equal(["2", "8"], hits.EnumerateArray().Select(h => h.GetProperty("id").GetString()).Order());
        await server.DataAsync("collections/drop_function_field", new { collectionName = "cu_function", functionName = "f" });
        var described = await server.DataAsync("collections/describe", new { collectionName = "cu_function" });
        Assert.DoesNotContain("s", described.GetProperty("fields").EnumerateArray().Select(f => f.GetProperty("name").GetString()));
        await server.DataAsync("entities/insert", """{"collectionName":"cu_function","data":[{"id":3,"v":[1,2],"t":"green tea"}]}""");
        Assert.Equal(5, (await server.DataAsync("entities/query", """{"collectionName":"cu_function","filter":"id > 0","consistencyLevel":"Strong"}""")).GetArrayLength());
    }

    [Fact]
    public async Task The_past_is_read_as_it_was()
    {
        await server.SendAsync("collections/drop", new { collectionName = "cu_past" });
        await server.DataAsync("collections/create", """
            {"collectionName":"cu_past","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},
            "indexParams":[{"fieldName":"v","metricType":"L2"}]}
            """);
        await server.DataAsync("entities/insert", """{"collectionName":"cu_past","data":[{"id":1,"v":[1,0]},{"id":2,"v":[2,0]}]}""");
        var then = server.Milvus.Proxy.Now().Value;
        await server.DataAsync("entities/delete", new { collectionName = "cu_past", filter = "id == 1" });
        await server.DataAsync("entities/insert", """{"collectionName":"cu_past","data":[{"id":3,"v":[1,0]}]}""");
        Assert.Equal(["2", "3"], await FoundAsync(null));
        Assert.Equal(["1", "2"], await FoundAsync(then));
        // Also once the rows are sealed.
        await server.DataAsync("collections/flush", new { collectionName = "cu_past" });
        Assert.Equal(["1", "2"], await FoundAsync(then));
        Assert.Equal(["2", "3"], await FoundAsync(null));

        async Task<IEnumerable<string?>> FoundAsync(ulong? at)
        {
            var past = at is null ? "" : $",\"travel_timestamp\":{at}";
            var hits = await server.DataAsync("entities/search", $$$"""{"collectionName":"cu_past","data":[[1,0]],"limit":5,"consistencyLevel":"Strong","searchParams":{"metricType":"L2"{{{past}}}}}""");
            return hits.EnumerateArray().Select(h => h.GetProperty("id").GetString()).Order();
        }
    }

    [Fact]
    public async Task Users_and_roles_can_be_taken_to_another_server()
    {
        await server.DataAsync("users/create", new { userName = "cu_user", password = "secret-1" });
        await server.DataAsync("roles/create", new { roleName = "cu_role" });
        await server.DataAsync("users/grant_role", new { userName = "cu_user", roleName = "cu_role" });
        await server.DataAsync("roles/grant_privilege_v2", new { roleName = "cu_role", privilege = "Search", dbName = "*", collectionName = "*" });
        await server.DataAsync("privilege_groups/create", new { privilegeGroupName = "cu_group" });
        var backup = (await server.Grpc.CallAsync(TestServer.Path("BackupRBAC"), new BackupRBACMetaRequest())).Single(BackupRBACMetaResponse.Parser);
        Assert.DoesNotContain("secret-1", backup.ToString());

        var other = await RestServer.StartAsync(new Milvus.Api.Rest.RestOptions());
        try
        {
            var restored = (await other.Grpc.CallAsync(TestServer.Path("RestoreRBAC"), new RestoreRBACMetaRequest { RBACMeta = backup.RBACMeta })).Single(Status.Parser);
            Assert.Equal(0, restored.Code);
            Assert.Equal(["cu_role"], (await other.DataAsync("users/describe", new { userName = "cu_user" })).EnumerateArray().Select(r => r.GetString()));
            Assert.Contains("Search", (await other.DataAsync("roles/describe", new { roleName = "cu_role" })).EnumerateArray().Select(g => g.GetProperty("privilege").GetString()));
            // The password still opens the account: changing it needs the old one.
            await other.DataAsync("users/update_password", new { userName = "cu_user", password = "secret-1", newPassword = "secret-2" });
            // A second time the names are there, and nothing changes.
            Assert.NotEqual(0, (await other.Grpc.CallAsync(TestServer.Path("RestoreRBAC"), new RestoreRBACMetaRequest { RBACMeta = backup.RBACMeta })).Single(Status.Parser).Code);
        }
        finally
        {
            await other.DisposeAsync();
            other.Dispose();
            await server.DataAsync("users/drop", new { userName = "cu_user" });
            await server.SendAsync("roles/revoke_privilege_v2", new { roleName = "cu_role", privilege = "Search", dbName = "*", collectionName = "*" });
            await server.SendAsync("roles/drop", new { roleName = "cu_role" });
            await server.SendAsync("privilege_groups/drop", new { privilegeGroupName = "cu_group" });
        }
    }
}
