using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Access;

public class AccessTests
{
    private static Grant On(string privilege, string objectName = "*", string type = "", string database = "") =>
        new() { Privilege = privilege, ObjectName = objectName, ObjectType = type, Database = database };

    [Fact]
    public void A_store_starts_with_root_admin_and_public()
    {
        var world = new World();
        Assert.Equal(["root"], world.Catalog.Users.Select(u => u.Name));
        Assert.Equal(["admin", "public"], world.Catalog.Roles.Select(r => r.Name));
        Assert.True(PasswordHasher.Verify("Milvus", world.Catalog.FindUser("root")!.Password));
        world.Refuses(new DropUser("root"), "root user cannot be deleted");
        world.Refuses(new DropRole("admin"), "the role[admin] is a default role, which can't be dropped");
        world.Refuses(new DropRole("public", Force: true), "default role");
    }

    [Theory]
    [InlineData("", "secret", "username must be not empty")]
    [InlineData("1u", "secret", "the first character must be a letter")]
    [InlineData("u!", "secret", "username must contain only")]
    [InlineData("u12345678901234567890123456789012", "secret", "the length of username must be less than 32")]
    [InlineData("u", "12345", "invalid password length: invalid parameter[5 out of range 6 <= value <= 72]")]
    [InlineData("u", "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä", "invalid parameter[74 out of range 6 <= value <= 72]")]
    [InlineData("root", "secret", "user already exists: root")]
    public void A_bad_user_is_refused(string name, string password, string text) => new World().Refuses(new CreateUser(name, password), text);

    [Fact]
    public void Passwords_change_with_the_old_one()
    {
        var world = new World();
        world.Do(new CreateUser("u", "first1") { Description = "d" });
        world.Refuses(new UpdateUser("u") { OldPassword = "wrong", NewPassword = "second2" }, ErrorCode.NotAuthenticated, "old password not correct for u: not authenticated");
        world.Refuses(new UpdateUser("x") { OldPassword = "wrong1", NewPassword = "second2" }, ErrorCode.NotAuthenticated, "old password not correct for x");
        world.Refuses(new UpdateUser("u") { OldPassword = "first1" }, "invalid password length");
        world.Refuses(new UpdateUser("u"), "neither a new password nor a description");
        world.Refuses(new UpdateUser("x") { NewPassword = "second2" }, "not found the user, maybe the user isn't existed");
        world.Do(new UpdateUser("u") { OldPassword = "first1", NewPassword = "second2" });
        var user = world.Catalog.FindUser("u")!;
        Assert.True(PasswordHasher.Verify("second2", user.Password));
        Assert.False(PasswordHasher.Verify("first1", user.Password));
        Assert.Equal("d", user.Description);
        world.Do(new DropUser("u"));
        world.DoesNothing(new DropUser("u"));
    }

    [Fact]
    public void Who_may_start_something_may_ask_whether_it_is_done()
    {
        var world = new World();
        world.Do(new CreateUser("u", "secret"));
        world.Do(new CreateRole("r"));
        world.Do(new GrantRole("u", "r"));
        bool May(string privilege) => AccessControl.IsAllowed(world.Catalog, "u", "Collection", "c", privilege, "");
        world.Do(new GrantPrivilege("r", On("Load", "c")));
        Assert.Equal((true, true, true, false), (May("Load"), May("GetLoadingProgress"), May("GetLoadState"), May("GetFlushState")));
        world.Do(new GrantPrivilege("r", On("Flush", "c")));
        Assert.True(May("GetFlushState"));
    }

    [Fact]
    public void Lists_show_what_a_role_was_granted_something_on()
    {
        var world = new World();
        world.Do(new CreateDatabase("d"));
        world.Create("a");
        world.Create("b");
        world.Create("c", database: "d");
        world.Do(new CreateUser("u", "secret"));
        world.Do(new CreateRole("r"));
        world.Do(new GrantRole("u", "r"));
        string Databases(string? user) => string.Join(' ', world.Catalog.Databases.Where(Visibility.OfDatabases(world.Catalog, user)).Select(d => d.Name).Order());
        string Collections(string? user, string db) => string.Join(' ', world.Catalog.ListCollections(db).Where(Visibility.OfCollections(world.Catalog, user, db)).Select(c => c.Name));
        Assert.Equal(("", "", ""), (Databases("u"), Collections("u", "default"), Collections("u", "d")));
        world.Do(new GrantPrivilege("r", On("Search", "b")));
        Assert.Equal(("default", "b", ""), (Databases("u"), Collections("u", "default"), Collections("u", "d")));
        world.Do(new GrantPrivilege("r", On("Search") with { Database = "d" }));
        Assert.Equal(("d default", "b", "c"), (Databases("u"), Collections("u", "default"), Collections("u", "d")));
        foreach (var user in new[] { null, "root" }) Assert.Equal(("d default", "a b", "c"), (Databases(user), Collections(user, "default"), Collections(user, "d")));
    }

    [Fact]
    public void Users_and_roles_are_limited()
    {
        var world = new World();
        for (var i = 1; i < Limits.Users; i++) world.Do(new CreateUser($"u{i}", "secret"));
        world.Refuses(new CreateUser("more", "secret"), ErrorCode.QuotaExceeded, "the number of users has reached the limit");
        for (var i = 2; i < Limits.Roles; i++) world.Do(new CreateRole($"r{i}"));
        world.Refuses(new CreateRole("more"), ErrorCode.QuotaExceeded, "the number of roles has reached the limit");
    }

    [Fact]
    public void Roles_are_granted_and_dropped()
    {
        var world = new World();
        world.Do(new CreateUser("u", "secret"));
        world.Do(new CreateRole("r") { Description = "d" });
        world.Refuses(new CreateRole("r"), "already exists");
        world.Refuses(new CreateRole("a-b"), "role name can only contain numbers, letters, dollars and underscores");
        world.Do(new CreateRole("r$"));
        world.Do(new AlterRole("r", "e"));
        world.Refuses(new AlterRole("none", "e"), "role not exists");
        world.Refuses(new AlterRole(AccessControl.PublicRole, "e"), ErrorCode.PrivilegeNotPermitted, "the role[public] is a default role, which can't be altered");
        world.Refuses(new GrantRole("x", "r"), "not found the user, maybe the user isn't existed");
        world.Refuses(new GrantRole("u", "x"), "not found the role, maybe the role isn't existed");
        world.Do(new GrantRole("u", "r$"));
        world.Do(new GrantRole("u", "r"));
        world.DoesNothing(new GrantRole("u", "r"));
        Assert.Equal(["r", "r$"], AccessControl.RolesOf(world.Catalog, "u"));
        world.Do(new RevokeRole("u", "r$"));
        world.DoesNothing(new RevokeRole("nobody", "r$"));
        world.DoesNothing(new RevokeRole("u", "r$"));
        world.Do(new GrantPrivilege("r", On("Search", "c")));
        world.Refuses(new DropRole("r"), "fail to drop the role that it has privileges. Use REVOKE API to revoke privileges");
        world.Do(new DropRole("r", Force: true));
        Assert.Empty(AccessControl.RolesOf(world.Catalog, "u"));
        world.Refuses(new DropRole("r"), "not found the role, maybe the role isn't existed");
    }

    [Fact]
    public void Grants_are_completed_and_found_again()
    {
        var world = new World();
        world.Do(new CreateRole("r"));
        world.Do(new GrantPrivilege("r", On("PrivilegeSearch", "c", "Collection") with { Grantor = "root" }));
        Assert.Equal(new Grant { ObjectType = "Collection", ObjectName = "c", Privilege = "Search", Database = "default", Grantor = "root" }, Assert.Single(world.Catalog.FindRole("r")!.Grants));
        world.DoesNothing(new GrantPrivilege("r", On("Search", "c")));
        world.DoesNothing(new RevokePrivilege("r", On("Search", "other")));
        world.Do(new RevokePrivilege("r", On("Search", "c")));
        Assert.Empty(world.Catalog.FindRole("r")!.Grants);
        world.Refuses(new GrantPrivilege("r", On("NoSuch")), "not found the privilege name[NoSuch]");
        world.Refuses(new GrantPrivilege("r", On("Search", "*", "Thing")), "the object entity in the request is nil or invalid");
        world.Refuses(new GrantPrivilege("r", On("Search", "*", "Global")), "not found the privilege name[Search] in object[Global]");
        world.Refuses(new GrantPrivilege("x", On("Search")), "not found the role, maybe the role isn't existed");
    }

    [Fact]
    public void Privilege_groups_hold_privileges_of_one_level()
    {
        var world = new World();
        world.Do(new CreateRole("r"));
        world.Refuses(new CreatePrivilegeGroup("1"), ErrorCode.InvalidPrivilegeGroupName, "invalid privilege group name[privilegeGroup=1]");
        world.Refuses(new CreatePrivilegeGroup("ClusterAdmin"), "is defined by built in");
        world.Do(new CreatePrivilegeGroup("g"));
        world.Refuses(new CreatePrivilegeGroup("g"), "privilege group [g] already exists");
        world.Do(new AddPrivilegesToGroup("g", ["Search", "Query"]));
        world.DoesNothing(new AddPrivilegesToGroup("g", ["Query"]));
        world.Refuses(new AddPrivilegesToGroup("g", ["CreateDatabase"]), "different levels");
        world.Refuses(new AddPrivilegesToGroup("g", ["NoSuch"]), "there is no privilege name or privilege group name [NoSuch]");
        world.Refuses(new AddPrivilegesToGroup("x", ["Query"]), "there is no privilege group name [x] defined in system to operate");
        world.Refuses(new RemovePrivilegesFromGroup("ClusterAdmin", ["Query"]), "is defined by system");
        world.Do(new RemovePrivilegesFromGroup("g", ["Query"]));
        Same(["Search"], world.Catalog.FindPrivilegeGroup("g")!.Privileges);
        world.Do(new GrantPrivilege("r", On("g")));
        world.Refuses(new DropPrivilegeGroup("g"), "privilege group [g] is used by role [r], Use REVOKE API to revoke it first");
        world.Do(new RevokePrivilege("r", On("g")));
        world.Do(new DropPrivilegeGroup("g"));
        world.DoesNothing(new DropPrivilegeGroup("g"));
    }

    [Fact]
    public void Grants_decide_who_may_do_what()
    {
        var world = new World();
        world.Do(new CreateUser("u", "secret"));
        world.Do(new CreateRole("r"));
        world.Do(new GrantRole("u", "r"));
        world.Do(new CreatePrivilegeGroup("g"));
        world.Do(new AddPrivilegesToGroup("g", ["Flush"]));
        bool May(string privilege, string name = "c", string type = "Collection", string database = "", string user = "u") =>
            AccessControl.IsAllowed(world.Catalog, user, type, name, privilege, database);

        Assert.False(May("Search"));
        Assert.True(May("DescribeCollection", "c", "Global"));
        Assert.True(May("DropUser", user: "root"));
        Assert.False(May("DescribeCollection", user: "nobody"));

        world.Do(new GrantPrivilege("r", On("Search", "c")));
        Assert.True(May("Search"));
        Assert.False(May("Search", "d"));
        Assert.False(May("Search", database: "other"));
        Assert.False(May("Query"));

        world.Do(new GrantPrivilege("r", On("CollectionReadOnly", "d", database: "*")));
        Assert.True(May("Query", "d", database: "other"));
        Assert.False(May("Insert", "d"));

        world.Do(new GrantPrivilege("r", On("g", "e")));
        Assert.True(May("Flush", "e"));
        Assert.False(May("Flush", "d"));

        world.Do(new GrantPrivilege("r", On("*", "f", "Collection")));
        Assert.True(May("Insert", "f"));
        Assert.False(May("CreateDatabase", "f", "Global"));

        world.Do(new GrantRole("u", "admin"));
        Assert.True(May("CreateDatabase", "*", "Global"));
    }

    [Fact]
    public void A_grant_of_everything_covers_everything()
    {
        var world = new World();
        world.Do(new CreateUser("u", "secret"));
        world.Do(new CreateRole("r"));
        world.Do(new GrantRole("u", "r"));
        world.Do(new GrantPrivilege("r", On("*", database: "*")));
        Assert.True(AccessControl.IsAllowed(world.Catalog, "u", "Collection", "c", "Insert", "d"));
        Assert.True(AccessControl.IsAllowed(world.Catalog, "u", "User", "x", "UpdateUser", ""));
    }

    [Theory]
    [InlineData("CollectionReadOnly", "DescribeSnapshot ListSnapshots GetImportProgress ListImport", "CreateSnapshot AlterCollectionSchema")]
    [InlineData("CollectionReadWrite", "CreateSnapshot DropSnapshot ListSnapshots AlterCollectionSchema RefreshExternalCollection", "RestoreSnapshot")]
    [InlineData("CollectionAdmin", "RestoreSnapshot DropSnapshot DescribeSnapshot", "PinSnapshotData")]
    [InlineData("ClusterReadOnly", "ListFileResources", "AddFileResource PinSnapshotData")]
    [InlineData("ClusterReadWrite", "AddFileResource RemoveFileResource PinSnapshotData UnpinSnapshotData", "BackupRBAC")]
    public void Built_in_groups_hold_what_later_calls_need(string group, string held, string kept)
    {
        Assert.All(held.Split(' '), p => Assert.True(Privileges.BuiltInGroups[group].Contains(p), p));
        Assert.All(kept.Split(' '), p => Assert.False(Privileges.BuiltInGroups[group].Contains(p), p));
    }

    [Fact]
    public void Every_privilege_of_the_built_in_groups_is_one() =>
        Assert.All(Privileges.BuiltInGroups.Values.SelectMany(g => g), p => Assert.True(Privileges.IsPrivilege(p), p));
}
