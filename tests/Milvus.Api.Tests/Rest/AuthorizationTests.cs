using System.Text;
using System.Text.Json;
using Milvus.Api.Access;
using Milvus.Api.Rest;
using Milvus.Coordinator.Access;

namespace Milvus.Api.Tests.Rest;

/// <summary>Passwords and privileges over REST, on a server with authorization.</summary>
public sealed class AuthorizationTests : IAsyncLifetime
{
    private const string Root = "root:Milvus";
    private const string Ann = "ann:secret1";

    // Names of things that are not there, and of some that are: only whether a request is let through matters here.
    private const string Body = """
        {"collectionName":"nothing","dbName":"default","userName":"root","roleName":"admin","name":"nothing","jobId":"7","snapshotName":"s","privilegeGroupName":"nothing","text":["a"],"dimension":0}
        """;

    // As over gRPC: their messages declare no privilege.
    private static readonly string[] s_open =
    [
        "collections/get_compaction_state", "collections/has", "collections/list", "common/run_analyzer", "databases/list", "jobs/external_collection/describe",
        "jobs/external_collection/list", "jobs/snapshot/describe", "quotacenter/describe", "segments/describe",
    ];

    // What the role that everybody has is granted from the start.
    private static readonly string[] s_public = ["aliases/list", "collections/describe", "indexes/describe", "indexes/list"];

    private readonly RestServer _server = new(new RestOptions(), authorization: true);

    [Fact]
    public async Task Strangers_are_401()
    {
        foreach (var credentials in new[] { "", "Bearer root:wrong", "Bearer nobody:Milvus", "Bearer an-api-key", "Basic !!!", "Basic " + Base64("root:wrong") })
        {
            var refused = await _server.SendAsync("collections/list", "{}", ("Authorization", credentials));
            Assert.Equal((401, 1800), (refused.Status, refused.Code));
            Assert.StartsWith("user hasn't authenticated", refused.Message, StringComparison.Ordinal);
        }
        foreach (var credentials in new[] { "Bearer root:Milvus", "root:Milvus", "Basic " + Base64(Root) })
            await _server.DataAsync("collections/list", "{}", ("Authorization", credentials));
    }

    [Fact]
    public async Task Without_a_grant_every_path_is_403_but_those_open_over_grpc()
    {
        var allowed = new List<string>();
        foreach (var (path, _) in RestApplication.Routes)
        {
            var answer = await _server.SendAsync(path, Body, As(Ann));
            if (answer.Status != 403) allowed.Add(path);
            else AssertDenied(answer);
        }
        Assert.Equal([.. s_open.Concat(s_public).Order(StringComparer.Ordinal)], allowed.Order(StringComparer.Ordinal));

        foreach (var (path, _) in RestApplication.FirstPosts) AssertDenied(await _server.SendAsync("/v1/vector/" + path, Body, As(Ann)));
        foreach (var (path, _) in RestApplication.FirstGets)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/vector/" + path);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Ann);
            using var answer = await _server.SendAsync(request);
            Assert.Equal(200, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task With_its_privilege_every_path_lets_a_user_through()
    {
        using var body = JsonDocument.Parse(Body);
        var routes = RestApplication.Routes.Select(r => (Path: r.Key, Route: r.Value))
            .Concat(RestApplication.FirstPosts.Select(r => (Path: "/v1/vector/" + r.Key, Route: r.Value)));
        foreach (var (path, route) in routes)
        {
            if (s_open.Contains(path)) continue;
            var call = new RestCall(_server.Milvus.Proxy, body.RootElement, "", "ann", false, CancellationToken.None);
            var privileges = route.Demand(call).Select(r => RequestPrivilege.Of(r.Descriptor)!).ToList();
            // An import that is not there is everybody's.
            var name = path is "jobs/import/commit" or "jobs/import/abort" ? "*" : "nothing";
            foreach (var p in privileges) await GrantAsync("grant_privilege", p, name);
            Assert.True((await _server.SendAsync(path, Body, As(Ann))).Status != 403, path);
            if (privileges.Count == 0 || s_public.Contains(path)) continue;
            await GrantAsync("revoke_privilege", privileges[^1], name);
            AssertDenied(await _server.SendAsync(path, Body, As(Ann)));
            foreach (var p in privileges.SkipLast(1)) await GrantAsync("revoke_privilege", p, name);
        }
    }

    [Fact]
    public async Task A_grant_is_of_one_collection_of_one_database_by_any_of_its_names()
    {
        foreach (var name in new[] { "books", "letters" }) await RootAsync("collections/create", new { collectionName = name, dimension = 2 });
        await RootAsync("databases/create", new { dbName = "other" });
        await RootAsync("collections/create", new { collectionName = "books", dbName = "other", dimension = 2 });
        await RootAsync("aliases/create", new { collectionName = "books", aliasName = "library" });
        await RootAsync("roles/grant_privilege_v2", new { roleName = "some", privilege = "Query", collectionName = "books", dbName = "default" });

        foreach (var path in new[] { "entities/query", "entities/explain", "/v1/vector/query" })
        {
            foreach (var name in new[] { "books", "library" })
                Assert.Equal(200, (await _server.SendAsync(path, new { collectionName = name, filter = "id == 1" }, As(Ann))).Status);
            foreach (var name in new[] { "letters", "", "nothing" }) AssertDenied(await _server.SendAsync(path, new { collectionName = name, filter = "id == 1" }, As(Ann)));
            AssertDenied(await _server.SendAsync(path, new { COLLECTIONNAME = "letters", filter = "id == 1" }, As(Ann)));
            AssertDenied(await _server.SendAsync(path, new { collectionName = "books", dbName = "other", filter = "id == 1" }, As(Ann)));
            AssertDenied(await _server.SendAsync(path, new { collectionName = "books", filter = "id == 1" }, As(Ann), ("DB-Name", "other")));
        }
        var search = await _server.SendAsync("entities/explain", new { collectionName = "books", data = new[] { new[] { 1, 2 } } }, As(Ann));
        Assert.Equal("rpc error: code = PermissionDenied desc = PrivilegeSearch: permission deny to ann in the `default` database", search.Message);
        Assert.Equal(["books"], EnvelopeTests.Names(await _server.DataAsync("collections/list", "{}", As(Ann))));
    }

    [Fact]
    public async Task A_collection_with_its_index_needs_what_its_three_calls_need()
    {
        var bare = new { collectionName = "bare", schema = new { fields = new object[] { new { fieldName = "k", dataType = "Int64", isPrimary = true }, new { fieldName = "v", dataType = "FloatVector", elementTypeParams = new { dim = 2 } } } } };
        await RootAsync("roles/grant_privilege", new { roleName = "some", objectType = "Global", objectName = "*", privilege = "CreateCollection" });
        await _server.DataAsync("collections/create", bare, As(Ann));
        AssertDenied(await _server.SendAsync("collections/create", new { collectionName = "ready", dimension = 2 }, As(Ann)));
        AssertDenied(await _server.SendAsync("/v1/vector/collections/create", new { collectionName = "ready", dimension = 2, bare.schema }, As(Ann)));
        Assert.DoesNotContain("ready", EnvelopeTests.Names(await RootAsync("collections/list", "{}")));
    }

    [Fact]
    public async Task Root_may_do_everything_and_everyone_mind_their_own_business()
    {
        await RootAsync("users/list", "{}");
        await _server.DataAsync("users/describe", new { userName = "ann" }, As(Ann));
        AssertDenied(await _server.SendAsync("users/describe", new { userName = "root" }, As(Ann)));
        await _server.DataAsync("roles/describe", new { roleName = "some" }, As(Ann));
        AssertDenied(await _server.SendAsync("roles/describe", new { roleName = "admin" }, As(Ann)));

        await _server.DataAsync("users/update_password", new { userName = "ann", password = "secret1", newPassword = "secret2" }, As(Ann));
        Assert.Equal(401, (await _server.SendAsync("collections/list", "{}", As(Ann))).Status);
        AssertDenied(await _server.SendAsync("users/update_password", new { userName = "root", password = "Milvus", newPassword = "secret2" }, As("ann:secret2")));
        await RootAsync("collections/list", "{}");
    }

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        await RootAsync("users/create", new { userName = "ann", password = "secret1" });
        await RootAsync("roles/create", new { roleName = "some" });
        await RootAsync("users/grant_role", new { userName = "ann", roleName = "some" });
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _server.Dispose();
    }

    private Task<JsonElement> RootAsync(string path, object body) => _server.DataAsync(path, body, As(Root));

    private Task GrantAsync(string verb, RequestPrivilege privilege, string name) => RootAsync("roles/" + verb, new
    {
        roleName = "some",
        objectType = privilege.ObjectType,
        objectName = privilege.ObjectType == Privileges.GlobalType ? "*" : privilege.ObjectType == Privileges.UserType ? "root" : name,
        privilege = Privileges.Normalize(privilege.Privilege),
        dbName = "default",
    });

    private static void AssertDenied(RestAnswer answer)
    {
        Assert.Equal((403, 65535), (answer.Status, answer.Code));
        Assert.StartsWith("rpc error: code = PermissionDenied desc = Privilege", answer.Message, StringComparison.Ordinal);
    }

    private static (string Name, string Value) As(string credentials) => ("Authorization", "Bearer " + credentials);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
