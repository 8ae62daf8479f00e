namespace Milvus.Api.Tests.Rest;

/// <summary>Databases, users, roles, privilege groups and resource groups.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class AccessTests(RestServer server)
{
    [Fact]
    public async Task Databases()
    {
        await server.DataAsync("databases/create", """{"dbName":"shelf","properties":{"database.max.collections":7}}""");
        Assert.Contains("shelf", EnvelopeTests.Names(await server.DataAsync("databases/list", "{}")));
        await server.DataAsync("databases/alter", """{"dbName":"shelf","properties":{"database.replica.number":1}}""");
        await server.DataAsync("databases/drop_properties", """{"dbName":"shelf","propertyKeys":["database.replica.number"]}""");
        var described = await server.DataAsync("databases/describe", """{"dbName":"shelf"}""");
        Assert.Contains("""{"key":"database.max.collections","value":"7"}""", described.GetProperty("properties").GetRawText());
        Assert.DoesNotContain("replica", described.GetRawText());
        await server.RefusedAsync(1802, "databases/drop_properties", """{"dbName":"shelf"}""");
        await server.DataAsync("databases/drop", """{"dbName":"shelf"}""");
        await server.RefusedAsync(800, "databases/describe", """{"dbName":"shelf"}""");
        await server.RefusedAsync(1100, "databases/drop", """{"dbName":"default"}""");
        await server.RefusedAsync(1802, "databases/create", "{}");
    }

    [Fact]
    public async Task Users_and_their_roles()
    {
        await server.DataAsync("users/create", """{"userName":"ada","password":"secret1","description":"first"}""");
        Assert.Contains("ada", EnvelopeTests.Names(await server.DataAsync("users/list", "{}")));
        await server.RefusedAsync(1802, "users/create", """{"userName":"bob"}""");
        await server.RefusedAsync(1802, "users/update_password", """{"userName":"ada","newPassword":"secret2"}""");
        Assert.NotEqual(0, (await server.SendAsync("users/update_password", """{"userName":"ada","password":"wrong!","newPassword":"secret2"}""")).Code);
        await server.DataAsync("users/update_password", """{"userName":"ada","password":"secret1","newPassword":"secret2"}""");
        await server.DataAsync("users/update_password", """{"userName":"ada","description":"second"}""");

        await server.DataAsync("roles/create", """{"roleName":"reader","description":"reads"}""");
        await server.DataAsync("users/grant_role", """{"userName":"ada","roleName":"reader"}""");
        var ada = await server.SendAsync("users/describe", """{"userName":"ada"}""");
        Assert.Equal(["reader"], EnvelopeTests.Names(ada.Data));
        Assert.Equal("second", ada.Root.GetProperty("description").GetString());
        await server.DataAsync("users/revoke_role", """{"userName":"ada","roleName":"reader"}""");
        Assert.Empty(EnvelopeTests.Names(await server.DataAsync("users/describe", """{"userName":"ada"}""")));

        await server.DataAsync("roles/grant_privilege", """{"roleName":"reader","objectType":"Collection","objectName":"*","privilege":"Search"}""");
        await server.DataAsync("roles/grant_privilege_v2", """{"roleName":"reader","privilege":"Query","collectionName":"c","dbName":"default"}""");
        var role = await server.SendAsync("roles/describe", """{"roleName":"reader"}""");
        Assert.Equal("reads", role.Root.GetProperty("description").GetString());
        var grants = role.Data.EnumerateArray().ToDictionary(g => g.GetProperty("privilege").GetString()!);
        Assert.Equal(("*", "Collection", "default"), (grants["Search"].GetProperty("objectName").GetString(), grants["Search"].GetProperty("objectType").GetString(), grants["Search"].GetProperty("dbName").GetString()));
        Assert.Equal("c", grants["Query"].GetProperty("objectName").GetString());
        await server.RefusedAsync(1802, "roles/grant_privilege", """{"roleName":"reader","objectType":"Collection","privilege":"Search"}""");
        Assert.NotEqual(0, (await server.SendAsync("roles/grant_privilege", """{"roleName":"reader","objectType":"Collection","objectName":"*","privilege":"Nonsense"}""")).Code);
        await server.DataAsync("roles/revoke_privilege", """{"roleName":"reader","objectType":"Collection","objectName":"*","privilege":"Search"}""");
        await server.DataAsync("roles/revoke_privilege_v2", """{"roleName":"reader","privilege":"Query","collectionName":"c","dbName":"default"}""");
        Assert.Empty((await server.DataAsync("roles/describe", """{"roleName":"reader"}""")).EnumerateArray());
        await server.DataAsync("roles/drop", """{"roleName":"reader"}""");
        await server.DataAsync("users/drop", """{"userName":"ada"}""");
        Assert.NotEqual(0, (await server.SendAsync("users/drop", """{"userName":"root"}""")).Code);
    }

    [Fact]
    public async Task Privilege_groups()
    {
        await server.DataAsync("privilege_groups/create", """{"privilegeGroupName":"seekers"}""");
        await server.DataAsync("privilege_groups/add_privileges_to_group", """{"privilegeGroupName":"seekers","privileges":["Search","Query"]}""");
        await server.DataAsync("privilege_groups/remove_privileges_from_group", """{"privilegeGroupName":"seekers","privileges":["Query"]}""");
        var list = (await server.DataAsync("privilege_groups/list", "{}")).GetProperty("privilegeGroups").GetRawText();
        Assert.Contains("""{"privilegeGroupName":"seekers","privileges":"Search"}""", list);
        await server.DataAsync("privilege_groups/drop", """{"privilegeGroupName":"seekers"}""");
    }

    [Fact]
    public async Task Resource_groups_are_described_without_an_envelope()
    {
        await server.DataAsync("resource_groups/create", """{"name":"rg","config":{"requests":{"node_num":0},"limits":{"node_num":1}}}""");
        Assert.Contains("rg", EnvelopeTests.Names(await server.DataAsync("resource_groups/list", "{}")));
        var described = (await server.SendAsync("resource_groups/describe", """{"name":"rg"}""")).Root;
        Assert.Equal("rg", described.GetProperty("resource_group").GetProperty("name").GetString());
        Assert.False(described.TryGetProperty("code", out _));
        Assert.False(described.GetProperty("resource_group").TryGetProperty("nodes", out _));
        var rest = (await server.SendAsync("resource_groups/describe", """{"name":"__default_resource_group"}""")).Root.GetProperty("resource_group");
        Assert.Equal((1, 1L), (rest.GetProperty("num_available_node").GetInt32(), rest.GetProperty("nodes")[0].GetProperty("node_id").GetInt64()));
        await server.RefusedAsync(1802, "resource_groups/create", """{"name":"half","config":{"requests":{"node_num":0}}}""");
        await server.RefusedAsync(1802, "resource_groups/transfer_replica", """{"sourceRgName":"a","targetRgName":"b","collectionName":"c"}""");
        await server.RefusedAsync(300, "resource_groups/describe", """{"name":"absent"}""");
        Assert.NotEqual(0, (await server.SendAsync("resource_groups/drop", """{"name":"rg"}""")).Code);
        await server.DataAsync("resource_groups/alter", """{"resource_groups":{"rg":{"requests":{"node_num":0},"limits":{"node_num":0}}}}""");
        await server.DataAsync("resource_groups/drop", """{"name":"rg"}""");
    }
}
