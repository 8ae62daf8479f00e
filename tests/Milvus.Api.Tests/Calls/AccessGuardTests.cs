using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Access;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Server;
using Milvus.Api.Tests.Grpc;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Health;
using UserInfo = Milvus.Coordinator.Access.UserInfo;

namespace Milvus.Api.Tests.Calls;

public sealed class AccessGuardTests
{
    [Fact]
    public async Task Root_may_do_everything()
    {
        await using var server = await StartAsync();
        Assert.Equal(GrpcStatusCode.Ok, (await CallAsync(server, "root:Milvus", "DropDatabase", new DropDatabaseRequest { DbName = "x" })).Status);
    }

    [Theory]
    [InlineData(null, "missing authorization in header")]
    [InlineData("root:nope", "auth check failure, please check username and password are correct")]
    [InlineData("nobody:Milvus", "auth check failure, please check username and password are correct")]
    [InlineData("an-api-key", "auth check failure, please check api key is correct")]
    public async Task Strangers_are_unauthenticated(string? credential, string message)
    {
        await using var server = await StartAsync();
        var reply = await CallAsync(server, credential, "GetVersion", new GetVersionRequest());
        Assert.Equal((GrpcStatusCode.Unauthenticated, message), (reply.Status!.Value, reply.Message));
    }

    [Fact]
    public async Task A_role_gives_what_was_granted_and_no_more()
    {
        await using var server = await StartAsync();
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "Search", new SearchRequest { CollectionName = "books" }));
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "Search", new SearchRequest { CollectionName = "library" }));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "Search", new SearchRequest { CollectionName = "letters" }));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "Search", new SearchRequest { CollectionName = "books", DbName = "other" }));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "Flush", new FlushRequest { CollectionNames = { "books" } }));

        var denied = await CallAsync(server, "ann:secret1", "Insert", new InsertRequest { CollectionName = "books" });
        Assert.Equal("PrivilegeInsert: permission deny to ann in the `default` database", denied.Message);
    }

    [Fact]
    public async Task A_database_is_made_and_removed_where_the_client_is()
    {
        var create = new CreateDatabaseRequest { DbName = "db1" };
        await using (var server = await StartAsync())
        {
            var denied = await CallAsync(server, "ann:secret1", "CreateDatabase", create);
            Assert.Equal((GrpcStatusCode.PermissionDenied, "PrivilegeCreateDatabase: permission deny to ann in the `default` database"), (denied.Status, denied.Message));
        }
        await using var granting = await StartAsync(
            new Grant { ObjectType = "Global", Privilege = "CreateDatabase", Database = "default" }, new Grant { ObjectType = "Global", Privilege = "DescribeDatabase", Database = "default" });
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(granting, "CreateDatabase", create));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(granting, "DropDatabase", new DropDatabaseRequest { DbName = "db1" }));
        // What is told of a database is granted in that one.
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(granting, "DescribeDatabase", new DescribeDatabaseRequest { DbName = "db1" }));
    }

    [Fact]
    public async Task Everyone_may_mind_their_own_business()
    {
        await using var server = await StartAsync();
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "GetVersion", new GetVersionRequest()));
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "UpdateCredential", new UpdateCredentialRequest { Username = "ann" }));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "UpdateCredential", new UpdateCredentialRequest { Username = "root" }));
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "SelectUser", new SelectUserRequest { User = new UserEntity { Name = "ann" } }));
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "SelectUser", new SelectUserRequest()));
        var own = new SelectGrantRequest { Entity = new GrantEntity { Role = new RoleEntity { Name = "reader" } } };
        Assert.Equal(GrpcStatusCode.Ok, await StatusAsync(server, "SelectGrant", own));
        var other = new SelectGrantRequest { Entity = new GrantEntity { Role = new RoleEntity { Name = "admin" } } };
        Assert.Equal(GrpcStatusCode.PermissionDenied, await StatusAsync(server, "SelectGrant", other));
    }

    [Theory]
    [InlineData("books", "", 1)]
    [InlineData("books", "other", 1)]
    [InlineData("books", "*", 2)]
    [InlineData("", "", 1)]
    [InlineData("", "other", 1)]
    [InlineData("", "*", 2)]
    public async Task Grants_are_those_of_one_database(string name, string database, int count)
    {
        await using var server = await StartAsync(new Grant { ObjectType = "Collection", ObjectName = "books", Privilege = "Query", Database = "other" });
        var entity = new GrantEntity { Role = new RoleEntity { Name = "reader" }, ObjectName = name, DbName = database };
        if (name.Length > 0) entity.Object = new ObjectEntity { Name = "Collection" };
        var reply = await CallAsync(server, "root:Milvus", "SelectGrant", new SelectGrantRequest { Entity = entity });
        Assert.Equal(count, SelectGrantResponse.Parser.ParseFrom(reply.Messages().Single()).Entities.Count);
    }

    [Fact]
    public async Task Grants_come_in_the_order_of_what_they_are_on()
    {
        await using var server = await StartAsync(
            new Grant { ObjectType = "Global", Privilege = "DescribeDatabase", Database = "default" }, new Grant { ObjectType = "Global", Privilege = "CreateDatabase", Database = "*" },
            new Grant { ObjectType = "Collection", ObjectName = "books", Privilege = "Query", Database = "default" });
        var reply = await CallAsync(server, "root:Milvus", "SelectGrant", new SelectGrantRequest { Entity = new GrantEntity { Role = new RoleEntity { Name = "reader" } } });
        Assert.Equal(
            ["Query", "Search", "CreateDatabase", "DescribeDatabase"],
            SelectGrantResponse.Parser.ParseFrom(reply.Messages().Single()).Entities.Select(e => e.Grantor.Privilege.Name));
    }

    [Fact]
    public async Task Probes_need_no_credentials()
    {
        await using var server = await StartAsync();
        var reply = await server.Client.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest());
        Assert.Equal(GrpcStatusCode.Ok, reply.Status);
    }

    private static async Task<GrpcStatusCode?> StatusAsync(TestServer server, string method, IMessage request) =>
        (await CallAsync(server, "ann:secret1", method, request)).Status;

    private static Task<GrpcReply> CallAsync(TestServer server, string? credential, string method, IMessage request)
    {
        var metadata = credential is null ? [] : new[] { ("authorization", Convert.ToBase64String(Encoding.UTF8.GetBytes(credential))) };
        return server.Client.CallAsync(TestServer.Path(method), request, metadata);
    }

    private static async Task<TestServer> StartAsync(params Grant[] more)
    {
        var proxy = new FakeProxy(
            new CollectionCreated(MilvusTestServer.Books), new UserStored(User("root", "Milvus")), new UserStored(User("ann", "secret1", "reader")),
            new RoleStored(new RoleInfo
            {
                Name = "reader",
                CreatedAt = Timestamp.FromMs(1),
                Grants = [new Grant { ObjectType = "Collection", ObjectName = "books", Privilege = "Search", Database = "default" }, .. more],
            }));
        var guard = new AccessGuard(new AccessControl(new FixedCoordinator(proxy.Catalog)), () => proxy.Catalog);
        var server = await TestServer.StartAsync(
            table => table.AddMilvus(proxy, new ServerIdentity(), new ServerHealth(), TimeProvider.System, NullLogger.Instance), guard: guard);
        return server;
    }

    private static UserInfo User(string name, string password, params string[] roles) => new()
    {
        Name = name,
        Password = PasswordHasher.Hash(password, new byte[PasswordHasher.SaltBytes], 10),
        Roles = [.. roles],
        CreatedAt = Timestamp.FromMs(1),
    };

    private sealed class FixedCoordinator(Catalog catalog) : ICoordinator
    {
        public Catalog Catalog => catalog;

        public ITimestampOracle Oracle => throw new NotSupportedException();

        public Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IDisposable Subscribe(ICatalogObserver observer) => throw new NotSupportedException();
    }
}
